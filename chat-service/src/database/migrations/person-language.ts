import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The language in which each person reads: a BCP 47 tag, NULL for who never chose. */
export class PersonLanguage1764210000000 implements MigrationInterface {
  readonly name = 'PersonLanguage1764210000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE person ADD COLUMN language VARCHAR(35) NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE person DROP COLUMN language');
  }
}
