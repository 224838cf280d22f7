#!/bin/sh
# Runs once, when the database's folder is new, after MySQL's image has made MYSQL_DATABASE, the platform's schema, and
# MYSQL_USER, the backend's account. Here the chat gets a schema of its own, and an account that can only read the
# platform's.

# A text as MySQL reads it between quotes.
quoted() {
  printf '%s' "$1" | sed "s/[\\\\']/\\\\&/g"
}

MYSQL_PWD=$MYSQL_ROOT_PASSWORD mysql --user=root <<SQL
CREATE DATABASE chat CHARACTER SET utf8mb4;
CREATE USER 'chat'@'%' IDENTIFIED BY '$(quoted "$CHAT_DB_PASSWORD")';
GRANT ALL PRIVILEGES ON chat.* TO 'chat'@'%';
CREATE USER 'chat_reader'@'%' IDENTIFIED BY '$(quoted "$CHAT_READER_PASSWORD")';
GRANT SELECT ON \`$(printf '%s' "$MYSQL_DATABASE" | sed 's/[_%]/\\&/g')\`.* TO 'chat_reader'@'%';
SQL
