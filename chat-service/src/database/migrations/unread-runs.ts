import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, engineOf } from './column-types.js';

/**
 * What clients have left unread and whether it was announced; and how old what waits in the outbox is. What was unread
 * before is of no run: it is not announced years later.
 */
export class UnreadRuns1764206000000 implements MigrationInterface {
  readonly name = 'UnreadRuns1764206000000';

  async up(runner: QueryRunner): Promise<void> {
    const { count, time } = columnTypes(engineOf(runner));
    await runner.query(`ALTER TABLE conversation ADD COLUMN unread_since ${time} NULL`);
    await runner.query(`ALTER TABLE conversation ADD COLUMN unread_announced_seq ${count} NULL`);
    // A range of those that wait to be announced, oldest first.
    await runner.query(
      'CREATE INDEX conversation_unread ON conversation (unread_announced_seq, unread_since, id, client_id)',
    );
    await runner.query('CREATE INDEX outbox_age ON outbox (type, created_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    const isMysql = engineOf(runner) === 'mysql';
    await runner.query(`DROP INDEX outbox_age ${isMysql ? 'ON outbox' : ''}`);
    await runner.query(`DROP INDEX conversation_unread ${isMysql ? 'ON conversation' : ''}`);
    await runner.query('ALTER TABLE conversation DROP COLUMN unread_announced_seq');
    await runner.query('ALTER TABLE conversation DROP COLUMN unread_since');
  }
}
