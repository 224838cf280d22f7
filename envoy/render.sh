#!/bin/sh
# Prints Envoy's configuration: envoy.yaml beside this file with the settings below filled in. Needs nothing but a shell
# and sed, so that it works in Envoy's own image:  sh render.sh > /tmp/envoy.yaml && exec envoy -c /tmp/envoy.yaml
# A setting that is not of its form ends it with a message and exit code 1.
set -euf

# Where Envoy listens. The admin interface can stop the process: keep it to yourself.
: "${CLIENT_EDGE_ADDRESS:=0.0.0.0:4200}"
: "${ADMIN_EDGE_ADDRESS:=0.0.0.0:4300}"
: "${OPEN_EDGE_ADDRESS:=0.0.0.0:8080}"
: "${ENVOY_ADMIN_ADDRESS:=127.0.0.1:9901}"
# Where it asks: all replicas, comma-separated, or a name that resolves to all of them; the servers of the portals' files.
: "${CHAT_SERVICE_ADDRESSES:=chat-service:9090}"
: "${CLIENT_PORTAL_ADDRESS:=client-portal:8080}"
: "${ADMIN_PORTAL_ADDRESS:=admin-portal:8080}"
# Whose pages may call the open listener, comma-separated: https://portal.example,http://localhost:3000. Empty: nobody's.
: "${ALLOWED_ORIGINS:=}"

fail() {
  echo "$1: $2" >&2
  exit 1
}

# Only characters that mean nothing to YAML, sed or the shell get through.
check() {
  case $2 in *[!][A-Za-z0-9.:,/_-]*) fail "$1" "it has a character that no address has" ;; esac
}

# One line an item to one list.
list() {
  echo "[$(paste -s -d , -)]"
}

addresses() {
  check "$1" "$2"
  for item in $(echo "$2" | tr ',' ' '); do
    port=${item##*:}
    case $item in
      *[A-Za-z0-9_]:[0-9]* | '['*[0-9A-Fa-f:]']':[0-9]*) ;;
      *) fail "$1" "\"$item\" is not host:port, for example 0.0.0.0:4200" ;;
    esac
    case $port in *[!0-9]* | ??????*) fail "$1" "\"$item\" has no port from 1 to 65535" ;; esac
    [ "$port" -ge 1 ] && [ "$port" -le 65535 ] || fail "$1" "\"$item\" has no port from 1 to 65535"
    host=${item%:*}
    host=${host#[}
    host=${host%]}
    case $host in */*) fail "$1" "\"$item\" is not host:port, for example 0.0.0.0:4200" ;; esac
    echo "{ socket_address: { address: '$host', port_value: $port } }"
  done
}

# Exactly one.
address() {
  found=$(addresses "$1" "$2")
  [ "$(echo "$found" | wc -l)" -eq 1 ] && [ -n "$found" ] || fail "$1" "it is one address, host:port"
  echo "$found"
}

# At least one.
endpoints() {
  found=$(addresses "$1" "$2")
  [ -n "$found" ] || fail "$1" "it names no address"
  echo "$found" | sed 's|.*|{ endpoint: { address: & } }|' | list
}

origins() {
  check "$1" "$2"
  for item in $(echo "$2" | tr ',' ' '); do
    host=${item#*://}
    case $item in
      http://?* | https://?*) ;;
      *) fail "$1" "\"$item\" is not an origin, for example https://portal.example" ;;
    esac
    case $host in */*) fail "$1" "\"$item\" has a path; an origin has none, nor a slash at its end" ;; esac
    echo "{ exact: '$item' }"
  done
}

client_edge=$(address CLIENT_EDGE_ADDRESS "$CLIENT_EDGE_ADDRESS")
admin_edge=$(address ADMIN_EDGE_ADDRESS "$ADMIN_EDGE_ADDRESS")
open_edge=$(address OPEN_EDGE_ADDRESS "$OPEN_EDGE_ADDRESS")
envoy_admin=$(address ENVOY_ADMIN_ADDRESS "$ENVOY_ADMIN_ADDRESS")
chat_services=$(endpoints CHAT_SERVICE_ADDRESSES "$CHAT_SERVICE_ADDRESSES")
client_portal=$(endpoints CLIENT_PORTAL_ADDRESS "$CLIENT_PORTAL_ADDRESS")
admin_portal=$(endpoints ADMIN_PORTAL_ADDRESS "$ADMIN_PORTAL_ADDRESS")
allowed_origins=$(origins ALLOWED_ORIGINS "$ALLOWED_ORIGINS")
allowed_origins=$(echo "$allowed_origins" | list)

sed \
  -e "/^#/d" \
  -e "s|\${CLIENT_EDGE_ADDRESS}|$client_edge|" \
  -e "s|\${ADMIN_EDGE_ADDRESS}|$admin_edge|" \
  -e "s|\${OPEN_EDGE_ADDRESS}|$open_edge|" \
  -e "s|\${ENVOY_ADMIN_ADDRESS}|$envoy_admin|" \
  -e "s|\${CHAT_SERVICE_ADDRESSES}|$chat_services|" \
  -e "s|\${CLIENT_PORTAL_ADDRESS}|$client_portal|" \
  -e "s|\${ADMIN_PORTAL_ADDRESS}|$admin_portal|" \
  -e "s|\${ALLOWED_ORIGINS}|$allowed_origins|" \
  "$(dirname "$0")/envoy.yaml"
