import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, engineOf } from './column-types.js';

/** What the browser called itself at the sign-in; empty when it did not. */
export class SessionUserAgent1764230000000 implements MigrationInterface {
  readonly name = 'SessionUserAgent1764230000000';

  async up(runner: QueryRunner): Promise<void> {
    const { name } = columnTypes(engineOf(runner));
    await runner.query(`ALTER TABLE session ADD COLUMN user_agent ${name} NOT NULL DEFAULT ''`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE session DROP COLUMN user_agent');
  }
}
