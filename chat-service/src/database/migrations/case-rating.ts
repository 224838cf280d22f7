import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, engineOf } from './column-types.js';

/** The client's word on a closed case: 1 to 5 and a comment that may be empty, both NULL until there is one. */
export class CaseRating1764220000000 implements MigrationInterface {
  readonly name = 'CaseRating1764220000000';

  async up(runner: QueryRunner): Promise<void> {
    const { flag } = columnTypes(engineOf(runner));
    await runner.query(`ALTER TABLE support_case ADD COLUMN rating ${flag} NULL`);
    await runner.query('ALTER TABLE support_case ADD COLUMN rating_comment VARCHAR(1000) NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE support_case DROP COLUMN rating_comment');
    await runner.query('ALTER TABLE support_case DROP COLUMN rating');
  }
}
