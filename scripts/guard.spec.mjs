import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isAlive } from './lock.mjs';
import { until } from './services/network.mjs';

const GUARD = fileURLToPath(new URL('guard.mjs', import.meta.url));

test('ends the processes and deletes the folders of a command that was killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'energy-chat-guard-'));
  writeFileSync(join(folder, 'file'), 'left behind');
  const owner = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { spawn } from 'node:child_process';
       import { guard } from ${JSON.stringify(GUARD)};
       const wait = ['-e', 'setInterval(() => {}, 1000)'];
       const left = spawn(process.execPath, wait, { detached: true, stdio: 'ignore' });
       const taken = spawn(process.execPath, wait, { detached: true, stdio: 'ignore' });
       guard({ pid: left.pid });
       guard({ pid: taken.pid })();
       guard({ folder: ${JSON.stringify(folder)} });
       console.log(JSON.stringify([left.pid, taken.pid]));
       setInterval(() => {}, 1000);`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = await owner.stdout.take(1).toArray();
  const [left, taken] = JSON.parse(String(line));
  try {
    assert.ok(isAlive(left));
    owner.kill('SIGKILL');
    assert.ok(await until(async () => !isAlive(left) && !existsSync(folder), { limitMs: 10_000 }));
    assert.ok(isAlive(taken), 'what was taken back is none of its business');
  } finally {
    process.kill(taken);
  }
});
