const terminal = process.stdout.isTTY === true && process.env.CI === undefined;
/** @type {Set<{ title: string, began: number }>} */
const running = new Set();
/** @type {ReturnType<typeof setInterval> | undefined} */
let redraw;

/** @param {number} began */
function seconds(began) {
  return `${((Date.now() - began) / 1000).toFixed(1)} s`;
}

function draw() {
  if (!terminal) return;
  const titles = [...running].map((step) => `${step.title} ${Math.round((Date.now() - step.began) / 1000)} s`);
  const width = (process.stdout.columns ?? 80) - 1;
  process.stdout.write(`\r\x1b[K${titles.length === 0 ? '' : `  … ${titles.join(', ')}`.slice(0, width)}`);
}

/** Prints a line, above the steps that are under way. @param {string} text */
export function say(text) {
  if (terminal) process.stdout.write('\r\x1b[K');
  console.log(text);
  draw();
}

/**
 * Runs one step and prints one line with its seconds when it ends. The work may answer a few words to print beside the
 * title.
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 * @param {(result: T) => string} [detail]
 * @returns {Promise<T>}
 */
export async function step(title, work, detail) {
  const current = { title, began: Date.now() };
  running.add(current);
  redraw ??= terminal ? setInterval(draw, 1000).unref() : undefined;
  draw();
  // Without a live line, a long step would look like a hang.
  const patience = terminal ? undefined : setTimeout(() => console.log(`  … ${title}`), 3000).unref();
  let mark = '✗';
  let extra = '';
  try {
    const result = await work();
    mark = '✓';
    extra = detail?.(result) ?? '';
    return result;
  } finally {
    clearTimeout(patience);
    running.delete(current);
    say(`  ${mark} ${title}${extra === '' ? '' : ` (${extra})`}  ${seconds(current.began)}`);
  }
}
