import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, engineOf, type Engine } from './column-types.js';

/** Made before all others where replicas must agree by a lease on who makes the rest. */
export function leaseTable(engine: Engine): string {
  const { word, id, time, table } = columnTypes(engine);
  return `CREATE TABLE IF NOT EXISTS lease (
    name ${word} NOT NULL PRIMARY KEY,
    holder ${id} NOT NULL,
    expires_at ${time} NOT NULL
  ) ${table}`;
}

/** The log, cases, the outbox, and what sessions, presence and leases need. Times are microseconds since 1970 UTC. */
export class FirstSchema1764000000000 implements MigrationInterface {
  readonly name = 'FirstSchema1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    const engine = engineOf(runner);
    const { id, word, hash, name, line, text, count, time, flag, table } = columnTypes(engine);

    await runner.query(`CREATE TABLE conversation (
      id ${id} NOT NULL PRIMARY KEY,
      client_id ${id} NOT NULL,
      client_login ${name} NOT NULL,
      client_name ${name} NOT NULL,
      version ${count} NOT NULL,
      first_seq ${count} NOT NULL,
      last_seq ${count} NOT NULL,
      last_entry_at ${time} NULL,
      preview ${line} NOT NULL,
      client_delivered ${count} NOT NULL,
      client_read ${count} NOT NULL,
      client_unread ${count} NOT NULL,
      support_delivered ${count} NOT NULL,
      support_read ${count} NOT NULL,
      support_unread ${count} NOT NULL,
      awaiting_since ${time} NULL,
      last_case_number ${count} NOT NULL,
      case_id ${id} NULL,
      case_number ${count} NULL,
      case_revision ${count} NULL,
      case_status ${word} NOT NULL,
      case_topic ${word} NULL,
      case_assignee_id ${id} NULL,
      case_assignee_name ${name} NULL,
      case_opened_at ${time} NULL,
      case_waiting_since ${time} NULL,
      case_answered ${flag} NOT NULL,
      inbox_rank ${time} NOT NULL
    ) ${table}`);
    await runner.query('CREATE UNIQUE INDEX conversation_client ON conversation (client_id)');
    await runner.query('CREATE INDEX conversation_inbox ON conversation (case_status, inbox_rank, id)');
    await runner.query(
      'CREATE INDEX conversation_assignee ON conversation (case_status, case_assignee_id, inbox_rank, id)',
    );

    await runner.query(`CREATE TABLE support_case (
      id ${id} NOT NULL PRIMARY KEY,
      conversation_id ${id} NOT NULL,
      number ${count} NOT NULL,
      topic ${word} NOT NULL,
      status ${word} NOT NULL,
      assignee_id ${id} NULL,
      assignee_name ${name} NULL,
      revision ${count} NOT NULL,
      opened_at ${time} NOT NULL,
      first_assigned_at ${time} NULL,
      first_answered_at ${time} NULL,
      closed_at ${time} NULL,
      closed_by ${id} NULL,
      close_reason ${line} NULL,
      open_conversation_id ${id} GENERATED ALWAYS AS (CASE WHEN status <> 'closed' THEN conversation_id END) STORED
    ) ${table}`);
    await runner.query('CREATE UNIQUE INDEX support_case_number ON support_case (conversation_id, number)');
    // At most one open case per conversation, kept by the database.
    await runner.query('CREATE UNIQUE INDEX support_case_open ON support_case (open_conversation_id)');

    await runner.query(`CREATE TABLE entry (
      conversation_id ${id} NOT NULL,
      seq ${count} NOT NULL,
      kind ${word} NOT NULL,
      case_id ${id} NULL,
      author_side ${word} NOT NULL,
      author_id ${id} NOT NULL,
      author_name ${name} NOT NULL,
      request_id ${id} NULL,
      created_at ${time} NOT NULL,
      edited_at ${time} NULL,
      removed_at ${time} NULL,
      body ${text} NULL,
      detail ${text} NULL,
      PRIMARY KEY (conversation_id, seq)
    ) ${table}`);
    await runner.query('CREATE UNIQUE INDEX entry_request ON entry (conversation_id, author_id, request_id)');

    await runner.query(`CREATE TABLE outbox (
      conversation_id ${id} NOT NULL,
      seq ${count} NOT NULL,
      kind ${word} NOT NULL,
      type VARCHAR(64) NOT NULL,
      created_at ${time} NOT NULL,
      event ${text} NOT NULL,
      PRIMARY KEY (conversation_id, seq, kind)
    ) ${table}`);
    await runner.query('CREATE INDEX outbox_type ON outbox (type, conversation_id, seq, kind)');

    await runner.query(`CREATE TABLE person (
      id ${id} NOT NULL PRIMARY KEY,
      login ${name} NOT NULL,
      display_name ${name} NOT NULL,
      seen_at ${time} NOT NULL
    ) ${table}`);

    await runner.query(`CREATE TABLE session (
      id ${id} NOT NULL PRIMARY KEY,
      person_id ${id} NOT NULL,
      audience ${word} NOT NULL,
      generation ${count} NOT NULL,
      refresh_hash ${hash} NOT NULL,
      previous_hash ${hash} NULL,
      previous_open ${flag} NOT NULL,
      created_at ${time} NOT NULL,
      refreshed_at ${time} NOT NULL,
      expires_at ${time} NOT NULL,
      ended_at ${time} NULL,
      end_reason ${word} NULL
    ) ${table}`);
    await runner.query('CREATE INDEX session_ended ON session (ended_at)');
    await runner.query('CREATE INDEX session_person ON session (person_id, ended_at)');

    await runner.query(`CREATE TABLE watch_presence (
      person_id ${id} NOT NULL,
      replica_id ${id} NOT NULL,
      role ${word} NOT NULL,
      seen_at ${time} NOT NULL,
      PRIMARY KEY (person_id, replica_id)
    ) ${table}`);
    await runner.query('CREATE INDEX watch_presence_replica ON watch_presence (replica_id)');
    await runner.query('CREATE INDEX watch_presence_seen ON watch_presence (role, seen_at)');

    await runner.query(leaseTable(engine));

    await runner.query(`CREATE TABLE log_epoch (
      id ${count} NOT NULL PRIMARY KEY,
      epoch ${id} NOT NULL
    ) ${table}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['log_epoch', 'lease', 'watch_presence', 'session', 'person', 'outbox', 'entry']) {
      await runner.query(`DROP TABLE ${table}`);
    }
    await runner.query('DROP TABLE support_case');
    await runner.query('DROP TABLE conversation');
  }
}
