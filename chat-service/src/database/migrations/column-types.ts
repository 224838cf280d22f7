import type { QueryRunner } from 'typeorm';

/** How the engines spell the column types that the tables use. */
const spellings = {
  mysql: {
    // Ids compare byte by byte: what a client sends must match exactly.
    id: 'VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin',
    word: 'VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin',
    hash: 'CHAR(64) CHARACTER SET ascii COLLATE ascii_bin',
    name: 'VARCHAR(255)',
    line: 'VARCHAR(500)',
    text: 'TEXT',
    longText: 'MEDIUMTEXT',
    count: 'INT UNSIGNED',
    time: 'BIGINT',
    flag: 'TINYINT UNSIGNED',
    table: 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin',
  },
  sqlite: {
    id: 'TEXT',
    word: 'TEXT',
    hash: 'TEXT',
    name: 'TEXT',
    line: 'TEXT',
    text: 'TEXT',
    longText: 'TEXT',
    count: 'INTEGER',
    time: 'INTEGER',
    flag: 'INTEGER',
    table: 'WITHOUT ROWID',
  },
};

export type Engine = keyof typeof spellings;

/** What a migration runs on. */
export function engineOf(runner: QueryRunner): Engine {
  return runner.dataSource.options.type === 'mysql' ? 'mysql' : 'sqlite';
}

export function columnTypes(engine: Engine): typeof spellings.mysql {
  return spellings[engine];
}
