#!/bin/sh
# KAFKA_SOME_THING=x becomes some.thing=x, as in the official image.
set -eu
conf=/tmp/server.properties
env | sed -n 's/^KAFKA_\([A-Z0-9_]*\)=\(.*\)$/\1=\2/p' | while IFS= read -r line; do
  name=$(printf '%s' "${line%%=*}" | tr 'A-Z_' 'a-z.')
  printf '%s=%s\n' "$name" "${line#*=}"
done > "$conf"
grep -q '^log.dirs=' "$conf" || echo "log.dirs=/var/lib/kafka/data" >> "$conf"
storage() { java -cp '/opt/kafka/libs/*' kafka.tools.StorageTool "$@"; }
if [ ! -f /var/lib/kafka/data/meta.properties ]; then
  storage format -t "$(storage random-uuid | tail -1)" -c "$conf"
fi
exec java -Xms256m -Xmx512m -cp '/opt/kafka/libs/*' kafka.Kafka "$conf"
