import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, engineOf } from './column-types.js';

/** What administrators say of themselves: whether they answer clients. Times are microseconds since 1970 UTC. */
export class Availability1764100000000 implements MigrationInterface {
  readonly name = 'Availability1764100000000';

  async up(runner: QueryRunner): Promise<void> {
    const { id, word, time, table } = columnTypes(engineOf(runner));
    await runner.query(`CREATE TABLE availability (
      person_id ${id} NOT NULL PRIMARY KEY,
      state ${word} NOT NULL,
      said_at ${time} NOT NULL
    ) ${table}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE availability');
  }
}
