import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { lock, tryLock } from './lock.mjs';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'energy-chat-lock-'))));
afterEach(() => rmSync(folder, { recursive: true }));

test('names the holder to whoever comes second, and is free again after release', () => {
  const file = join(folder, 'lock');
  const first = tryLock(file, 'npm start');
  assert.ok('release' in first);
  assert.deepEqual(tryLock(file, 'npm test'), { holder: { pid: process.pid, command: 'npm start' } });
  first.release();
  const next = tryLock(file, 'npm test');
  assert.ok('release' in next);
  next.release();
});

test('passes over the lock of a process that died', () => {
  const file = join(folder, 'lock');
  const dead = spawnSync(process.execPath, ['--version']).pid;
  writeFileSync(file, JSON.stringify({ pid: dead, command: 'npm start' }));
  const turn = tryLock(file, 'npm test');
  assert.ok('release' in turn);
  turn.release();
});

test('passes over a lock that nobody renews, though its number belongs to another process now', () => {
  const file = join(folder, 'lock');
  writeFileSync(file, JSON.stringify({ pid: process.pid, command: 'npm start' }));
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(file, longAgo, longAgo);
  const turn = tryLock(file, 'npm test');
  assert.ok('release' in turn);
  turn.release();
});

test('waits for its turn and tells so once', async () => {
  const file = join(folder, 'lock');
  const first = tryLock(file, 'build');
  assert.ok('release' in first);
  /** @type {unknown[]} */
  const told = [];
  const turn = await lock(file, 'npm test', (holder) => {
    told.push(holder);
    first.release();
  });
  turn.release();
  assert.deepEqual(told, [{ pid: process.pid, command: 'build' }]);
});
