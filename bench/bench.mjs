import { idleWatches } from './idle-watches.mjs';
import { outbox } from './outbox.mjs';
import { panel } from './panel.mjs';
import { sends } from './sends.mjs';
import { systemMessages } from './system-messages.mjs';

const benches = { sends, 'idle-watches': idleWatches, outbox, panel, 'system-messages': systemMessages };

/** `npm run bench` measures everything, `npm run bench -- NAME` one thing. */
export default async function bench(/** @type {readonly string[]} */ names) {
  const unknown = names.filter((name) => !(name in benches));
  if (unknown.length > 0) {
    throw new Error(`There is no bench ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}.`);
  }
  for (const [name, measure] of Object.entries(benches)) {
    if (names.length === 0 || names.includes(name)) await measure();
  }
}
