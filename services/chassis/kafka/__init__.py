"""The only room that knows Kafka clients and Faust."""
