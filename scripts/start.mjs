import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { builtPortal } from './angular.mjs';
import { build } from './build.mjs';
import { whenAskedToEnd } from './ending.mjs';
import { Failure } from './failure.mjs';
import { guard, signalGroup } from './guard.mjs';
import { tryLock } from './lock.mjs';
import { say, step } from './progress.mjs';
import { ROOT } from './root.mjs';
import { canListen, until } from './services/network.mjs';
import { isServing } from './grpc-health.mjs';
import { readable } from './service-log.mjs';

const SERVICE = join(ROOT, 'chat-service', 'dist', 'main.js');
const DEMO = join(ROOT, 'chat-service', 'dist', 'database', 'embedded', 'demo-data.js');
const BOOT_LIMIT_MS = 60_000;
/** Longer than the service gives its streams to go elsewhere. */
const END_LIMIT_MS = 15_000;
const LAST_LINES = 20;
const ADDRESSES = ['GRPC_ADDRESS', 'CLIENT_EDGE_ADDRESS', 'ADMIN_EDGE_ADDRESS', 'METRICS_ADDRESS'];

/** Runs the service as the embedded deployment; any of its settings may be given in the environment instead. */
export default async function start() {
  await build();
  const demo = await import(pathToFileURL(DEMO).href);
  const environment = settings(demo);
  const data = resolve(ROOT, environment.DATA_DIRECTORY ?? '');
  mkdirSync(data, { recursive: true });
  const turn = tryLock(join(data, 'start.lock'), 'npm start');
  if ('holder' in turn) {
    throw new Failure(
      `The chat is running already on ${shown(data)} (process ${turn.holder.pid}). Use it, or end it by Ctrl-C in its ` +
        'window. To run a second one, set DATA_DIRECTORY and the addresses to others.',
    );
  }
  try {
    await refuseTakenPorts(environment);
    await serve(environment, join(data, 'chat-service.log'), () => welcome(environment, demo, data));
  } finally {
    turn.release();
  }
}

/** @param {{ DEMO_ROLE_MAP: string, DEMO_SUPERVISORS: string }} demo @returns {NodeJS.ProcessEnv} */
function settings(demo) {
  const isDemo = !isSet(process.env.PLATFORM_DATABASE_URL);
  const wanted = {
    GRPC_ADDRESS: '127.0.0.1:9090',
    CLIENT_EDGE_ADDRESS: '127.0.0.1:4200',
    ADMIN_EDGE_ADDRESS: '127.0.0.1:4300',
    METRICS_ADDRESS: '127.0.0.1:9464',
    CLIENT_PORTAL_FILES: builtPortal('client-portal'),
    ADMIN_PORTAL_FILES: builtPortal('admin-portal'),
    GRPC_REFLECTION: 'true',
    DATA_DIRECTORY: '.data',
    // Where `npm run service-account` puts them.
    SERVICE_ACCOUNTS_FILE: join(process.env.DATA_DIRECTORY || '.data', 'service-accounts.json'),
    // On one's own machine Ctrl-C should not take long.
    DRAIN_SECONDS: '1',
    // With a platform of one's own, its role words are for its operator to say.
    ...(isDemo ? { ROLE_MAP: demo.DEMO_ROLE_MAP, SUPERVISORS: demo.DEMO_SUPERVISORS } : {}),
  };
  const given = Object.entries(process.env).filter(([name, value]) => !(name in wanted) || isSet(value));
  const environment = { ...wanted, ...Object.fromEntries(given) };
  return { ...environment, DATA_DIRECTORY: resolve(ROOT, environment.DATA_DIRECTORY) };
}

/** @param {NodeJS.ProcessEnv} environment */
async function refuseTakenPorts(environment) {
  const taken = [];
  for (const name of ADDRESSES) {
    const { host, port } = hostAndPort(environment[name] ?? '');
    if (port > 0 && !(await canListen(port, host)))
      taken.push(`  ${name}: ${host}:${port} is in use by another program`);
  }
  if (taken.length === 0) return;
  throw new Failure(
    `The chat cannot start:\n${taken.join('\n')}\nStop that program, or set the variable to a free address, for example ` +
      `${process.platform === 'win32' ? '$env:GRPC_ADDRESS="127.0.0.1:9091"; npm start' : 'GRPC_ADDRESS=127.0.0.1:9091 npm start'}`,
  );
}

/**
 * Runs the service until it ends or this command is asked to.
 * @param {NodeJS.ProcessEnv} env
 * @param {string} logFile
 * @param {() => void} onReady
 */
async function serve(env, logFile, onReady) {
  const log = createWriteStream(logFile);
  const child = spawn(process.execPath, ['--enable-source-maps', SERVICE], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A terminal's Ctrl-C is passed on by us, once. On Windows that is not possible: there the service hears it itself.
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  const { pid } = child;
  if (pid === undefined) throw new Failure('The service could not be started.');
  const safe = guard({ pid });
  /** @type {string[]} */
  const last = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (text) => {
      log.write(text);
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      last.push(...lines);
      last.splice(0, last.length - LAST_LINES);
      for (const line of lines) {
        const { text: words, isTrouble } = readable(line);
        if (isTrouble) say(`  ${words}`);
      }
    });
  }
  let isEnding = false;
  let isGone = false;
  const gone = new Promise((resolve) => child.once('close', (code) => resolve(code)));
  void gone.then(() => (isGone = true));
  whenAskedToEnd(() => {
    isEnding = true;
    say('\nEnding …');
    if (process.platform !== 'win32') child.kill('SIGTERM');
    setTimeout(() => signalGroup(pid, 'SIGKILL'), END_LIMIT_MS).unref();
  });

  const failure = (/** @type {string} */ what) => {
    const words = last.map((line) => readable(line).text).join('\n');
    const where = `Its last words are above; all of them are in ${shown(logFile)}.`;
    return new Failure(`The chat service ${what}. ${where}`, words);
  };
  const { host, port } = hostAndPort(env.GRPC_ADDRESS ?? '');
  const untilReady = async () => {
    const limits = { limitMs: BOOT_LIMIT_MS, isHopeless: () => isGone || isEnding };
    if ((await until(() => isServing(host, port), limits)) || isEnding) return;
    const reason = isGone ? 'ended instead of starting' : `was not ready within ${BOOT_LIMIT_MS / 1000} s`;
    signalGroup(pid, 'SIGKILL');
    await gone;
    throw failure(reason);
  };
  try {
    await step('Starting the chat service', untilReady);
    if (!isEnding) onReady();
    const code = await gone;
    if (!isEnding) throw failure(`ended with exit code ${String(code)}`);
    say('The chat has ended. Its data is kept.');
  } finally {
    safe();
    log.end();
  }
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {{ DEMO_SIGN_INS: readonly { login: string, password: string, who: string }[] }} demo
 * @param {string} data
 */
function welcome(env, demo, data) {
  const isDemo = !isSet(env.PLATFORM_DATABASE_URL);
  const grpc = env.GRPC_ADDRESS ?? '';
  const lines = [
    '',
    'The chat is running. Ctrl-C ends it.',
    '',
    `  client portal   http://${shownHost(env.CLIENT_EDGE_ADDRESS)}`,
    `  admin portal    http://${shownHost(env.ADMIN_EDGE_ADDRESS)}`,
    `  gRPC            ${grpc}`,
    `  metrics         http://${env.METRICS_ADDRESS}/metrics`,
    `  database        ${isSet(env.DATABASE_URL) ? 'MySQL (DATABASE_URL)' : `SQLite in ${shown(data)}`}`,
    `  events          ${isSet(env.RABBITMQ_URL) ? 'RabbitMQ (RABBITMQ_URL)' : 'in this process'}`,
  ];
  if (isDemo) {
    lines.push('', 'Sign in as:');
    for (const { login, password, who } of demo.DEMO_SIGN_INS)
      lines.push(`  ${login.padEnd(10)} ${password.padEnd(14)} ${who}`);
    const client = demo.DEMO_SIGN_INS.find(({ who }) => who === 'client');
    if (client !== undefined)
      lines.push('', 'By grpcurl (https://github.com/fullstorydev/grpcurl):', ...grpcurl(grpc, client));
  }
  say(lines.join('\n'));
}

/** @param {string} address @param {{ login: string, password: string }} person */
function grpcurl(address, { login, password }) {
  const service = 'energy.chat.v1';
  const signIn = `grpcurl -plaintext -d '@' ${address} ${service}.AuthService/SignIn`;
  const who = JSON.stringify({ login, password, audience: 'AUDIENCE_CLIENT' });
  const call = (/** @type {string} */ message, /** @type {string} */ method) =>
    `  echo '${message}' | grpcurl -plaintext -H "authorization: Bearer $TOKEN" -d '@' ${address} ${service}.${method}`;
  const take =
    process.platform === 'win32'
      ? `  $TOKEN = (echo '${who}' | ${signIn} | ConvertFrom-Json).accessToken`
      : `  TOKEN=$(echo '${who}' | ${signIn} | sed -n 's/.*"accessToken": "\\([^"]*\\)".*/\\1/p')`;
  return [take, call('{}', 'ConversationService/GetMyConversation')];
}

/** @param {string} address */
function hostAndPort(address) {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}

/** What people type, and what makes the two portals one site to a browser. @param {string | undefined} address */
function shownHost(address = '') {
  return address.replace(/^(127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):/, 'localhost:');
}

/** @param {string} path */
function shown(path) {
  const inside = relative(ROOT, path);
  return inside.startsWith('..') ? path : inside;
}

/** @param {string | undefined} value */
function isSet(value) {
  return value !== undefined && value !== '';
}
