import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, engineOf } from './column-types.js';

/** System messages to many until they are written, and how many recipients each source has reached this hour. */
export class Notices1764240000000 implements MigrationInterface {
  readonly name = 'Notices1764240000000';

  async up(runner: QueryRunner): Promise<void> {
    const { id, word, name, longText, count, time, flag, table } = columnTypes(engineOf(runner));
    await runner.query(`CREATE TABLE notice (
      id ${id} NOT NULL PRIMARY KEY,
      source ${id} NOT NULL,
      event_id ${name} NOT NULL,
      shown_name ${name} NOT NULL,
      content ${longText} NOT NULL,
      wants_dead_letter ${flag} NOT NULL,
      additions ${count} NOT NULL,
      created_at ${time} NOT NULL,
      finished_at ${time} NULL
    ) ${table}`);
    await runner.query('CREATE UNIQUE INDEX notice_event ON notice (source, event_id)');
    await runner.query('CREATE INDEX notice_finished ON notice (finished_at, created_at)');
    await runner.query(`CREATE TABLE notice_recipient (
      notice_id ${id} NOT NULL,
      named_by ${word} NOT NULL,
      name ${name} NOT NULL,
      state ${word} NOT NULL,
      PRIMARY KEY (notice_id, named_by, name)
    ) ${table}`);
    await runner.query('CREATE INDEX notice_recipient_state ON notice_recipient (notice_id, state, named_by, name)');
    await runner.query(`CREATE TABLE source_use (
      source ${id} NOT NULL PRIMARY KEY,
      hour_at ${time} NOT NULL,
      used ${count} NOT NULL
    ) ${table}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['source_use', 'notice_recipient', 'notice']) await runner.query(`DROP TABLE ${table}`);
  }
}
