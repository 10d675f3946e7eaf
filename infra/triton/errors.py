"""What can go wrong with the models, before anything is served."""

from services.chassis.errors import SluiceError


class ModelsError(SluiceError):
    """Something that the models are made of or with is missing or wrong; says what to do."""
