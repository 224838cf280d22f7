import { describe, expect, it } from '@jest/globals';
import { EmbeddedAnnouncementBus } from '../broker/embedded/embedded-announcement-bus.js';
import { Clock } from '../database/clock.js';
import { outboxInsert, SqlOutbox } from '../database/outbox.js';
import { eventually } from '../testing/eventually.js';
import { logOnMysql } from '../testing/log-under-test.js';
import { memoryLog } from '../testing/memory-log.js';
import { COMMIT, COMMITTED, TappedDatabase } from '../testing/tapped-database.js';
import { ANNOUNCEMENT_TYPES } from './announcement.js';
import { outboxRowOf } from './outbox.contract.js';
import { AnnouncementRelay } from './relay.js';

/** 40 batches; `npm run bench -- outbox` measures 100,000. */
const ROWS = 20_000;
const TYPES = ANNOUNCEMENT_TYPES.filter((type) => type.startsWith('energy.chat.case.'));

describe('a long backlog of announcements on MySQL', () => {
  it('leaves in transactions of at most 500 rows by their keys, and leaves the outbox to others between them', async () => {
    const databases = await logOnMysql();
    const [database] = databases.replicas;
    for (let start = 0; start < ROWS; start += 1_000) {
      const rows = Array.from({ length: 1_000 }, (_, index) => {
        const number = start + index;
        // Each of its case's changes once, as most conversations have them.
        return outboxRowOf(
          `c${Math.floor(number / TYPES.length)}`,
          number % TYPES.length,
          TYPES[number % TYPES.length],
        );
      });
      const { sql, params } = outboxInsert(rows);
      await database.write((manager) => manager.query(sql, params));
    }
    const tap = new TappedDatabase(database);
    let delivered = 0;
    const { log } = memoryLog();
    const bus = new EmbeddedAnnouncementBus(log, [() => (delivered += 1)]);
    const outbox = new SqlOutbox(tap, new Clock());
    const relay = new AnnouncementRelay(outbox, bus, 'one', log, { pollMs: 10 });
    relay.start();
    await eventually('all have left', () => relay.relayed === ROWS, 100_000);
    await relay.stop();
    expect(await outbox.size()).toBe(0);

    expect(delivered).toBe(ROWS);
    const deletes = tap.writes.filter(({ sql }) => sql.startsWith('DELETE FROM outbox'));
    expect(deletes.reduce((sum, { params }) => sum + params.length / 3, 0)).toBe(ROWS);
    expect(Math.max(...deletes.map(({ params }) => params.length / 3))).toBeLessThanOrEqual(100);
    const transactions = tap.steps
      .filter((step) => step !== COMMITTED)
      .join('\n')
      .split(COMMIT);
    const deletesIn = transactions.map((steps) => steps.split('DELETE FROM outbox').length - 1);
    expect(Math.max(...deletesIn)).toBe(5);
    const reads = tap.reads.filter(({ sql }) => sql.includes('UNION ALL'));
    for (const { sql } of reads) expect(sql).toMatch(/ORDER BY conversation_id, seq, kind LIMIT 500$/);
    await databases.close();
  }, 120_000);
});
