import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build } from './build.mjs';
import { ROOT } from './root.mjs';

/** Lists, shows, sends again or drops system messages that could not be written. */
export default async function deadLetters(/** @type {readonly string[]} */ args) {
  await build();
  const program = join(ROOT, 'chat-service', 'dist', 'broker', 'rabbitmq', 'dead-letters.js');
  process.exitCode = spawnSync(process.execPath, [program, ...args], { stdio: 'inherit' }).status ?? 1;
}
