import { expect, test } from '@playwright/test';
import { writeFileSync } from 'node:fs';
import { shortRun } from './chaos/short-run.js';

test('with three replicas at three nodes of Galera and RabbitMQ, whose nodes are killed, every promise is kept', async () => {
  test.setTimeout(12 * 60_000);
  const report = await shortRun({ seed: 11, minutes: 4, sends: 20_000, replicas: 3, isCluster: true });
  for (const killed of [/database killed \(database \w+/, /broker killed \(broker \w+/, /replica killed/]) {
    expect(report).toMatch(killed);
  }
  const file = process.env['CHAOS_REPORT'];
  if (file !== undefined) writeFileSync(file, report);
});
