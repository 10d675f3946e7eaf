#!/bin/sh
# Stands in for Kafka's own tool in the health check: answers when the broker's socket does.
host=${2%%:*}; port=${2##*:}
exec python3 -c "import socket,sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)" "$host" "$port"
