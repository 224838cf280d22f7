import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Audience } from '@energy-chat/contract/auth_pb.js';
import { GetMyConversationResponseSchema, SendMessageRequestSchema } from '@energy-chat/contract/conversation_pb.js';
import { chromium } from '@playwright/test';
import { ROOT } from '../scripts/root.mjs';
import { provideChromium } from '../scripts/services/chromium.mjs';
import { connect, signIn, unary } from './demo-callers.mjs';
import { freePort, startDeployment } from './deployment.mjs';
import { median } from './process-figures.mjs';

const ENTRIES = 10_000;
const SLOWER = 4;
const IN_FLIGHT = 128;
const KEYSTROKES = 60;
const SERVICE = '/energy.chat.v1.ConversationService';

/**
 * The client portal in Chromium on a processor made 4 times slower, through the embedded edge, with 10,000 entries in the
 * log: script until the panel answers, first paint, how long the page was blocked, and how long keys wait to be shown.
 */
export async function panel() {
  const edge = `127.0.0.1:${await freePort()}`;
  const files = join(ROOT, 'client-portal', 'dist');
  const deployment = await startDeployment({ CLIENT_EDGE_ADDRESS: edge, CLIENT_PORTAL_FILES: files });
  const { program } = await provideChromium();
  // As root, which containers are, Chromium's sandbox does not work.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const browser = await chromium.launch({ executablePath: program, args });
  try {
    await fill(deployment.address);
    await measure(await browser.newPage({ locale: 'en-GB' }), `http://${edge.replace('127.0.0.1', 'localhost')}/`);
  } finally {
    await browser.close();
    await deployment.stop();
  }
}

/** Entries of client1's conversation, many at a time. */
async function fill(address) {
  const connection = connect(address);
  const metadata = await signIn(connection, 'client1', Audience.CLIENT);
  const mine = await unary(connection, `${SERVICE}/GetMyConversation`, Buffer.alloc(0), metadata);
  const conversationId = fromBinary(GetMyConversationResponseSchema, mine).conversation?.id ?? '';
  let next = 0;
  const write = async () => {
    while (next < ENTRIES) {
      next += 1;
      const text = `Entry ${next}: the reading of the meter in the cellar was ${next} kWh, which is more than last month.`;
      const request = create(SendMessageRequestSchema, { conversationId, requestId: `panel-${next}`, text });
      await unary(connection, `${SERVICE}/SendMessage`, toBinary(SendMessageRequestSchema, request), metadata);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, write));
  connection.close();
}

async function measure(page, url) {
  const scripts = [];
  page.on('requestfinished', (request) => {
    if (request.resourceType() === 'script') scripts.push(request.sizes());
  });
  await page.addInitScript(watchTasks);
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  await page.goto(url);
  await page.getByLabel('Login').waitFor();
  const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN);
  const blockedAtStart = await page.evaluate(() => globalThis.blockedMs());
  await page.getByLabel('Login').fill('client1');
  await page.getByLabel('Password', { exact: true }).fill('energy-demo');
  await page.getByRole('button', { name: 'Sign in' }).click();
  const button = page.getByRole('button', { name: /^Open the chat/ });
  await button.waitFor();
  const before = await page.evaluate(() => globalThis.blockedMs());
  const from = performance.now();
  await button.click();
  await page.getByText(`Entry ${ENTRIES}:`).waitFor();
  const opening = performance.now() - from;
  const blockedByOpening = (await page.evaluate(() => globalThis.blockedMs())) - before;
  const composer = page.getByRole('textbox', { name: 'Your message' });
  await composer.click();
  await page.evaluate(() => globalThis.keyDelays.splice(0));
  await composer.pressSequentially('How long do keys wait here? '.repeat(3).slice(0, KEYSTROKES), { delay: 40 });
  const delays = (await page.evaluate(() => globalThis.keyDelays)).sort((one, other) => one - other);
  const nodes = await page.evaluate(() => globalThis.document.querySelectorAll('*').length);
  const sizes = await Promise.all(scripts);
  const bytes = sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0);
  const ms = (value) => `${value.toFixed(0)} ms`;
  console.log(`panel, ${ENTRIES} entries, processor ${SLOWER} times slower:`);
  console.log(`  script until it answers   ${(bytes / 1_000).toFixed(1)} kB in ${sizes.length} files, compressed`);
  console.log(`  first paint               ${ms(paint)}, blocked ${ms(blockedAtStart)} until the sign-in stood`);
  console.log(
    `  opening the chat          ${ms(opening)} to the last entry, blocked ${ms(blockedByOpening)}; ${nodes} nodes`,
  );
  console.log(
    `  a key until it is shown   median ${ms(median(delays))}, longest ${ms(delays.at(-1) ?? NaN)} of ${delays.length}`,
  );
}

/** Runs in the page. Blocked is what tasks take beyond 50 ms each. https://w3c.github.io/longtasks/ */
function watchTasks() {
  let blocked = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) blocked += duration - 50;
  }).observe({ type: 'longtask', buffered: true });
  globalThis.blockedMs = () => blocked;
  globalThis.keyDelays = [];
  globalThis.addEventListener(
    'keydown',
    ({ timeStamp }) => {
      // After the next frame was drawn.
      globalThis.requestAnimationFrame(() =>
        setTimeout(() => globalThis.keyDelays.push(performance.now() - timeStamp)),
      );
    },
    true,
  );
}
