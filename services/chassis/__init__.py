"""What two or more services share and that holds no business word."""
