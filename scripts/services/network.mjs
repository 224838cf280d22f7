import { createConnection, createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Below the ports that systems hand out to outgoing connections, so that a server that restarts finds its own free. */
const FIRST_PORT = 20_000;
const LAST_PORT = 31_999;

/** A port of 127.0.0.1 that nobody listens on now. */
export async function freePort() {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    if (await canListen(port, '127.0.0.1')) return port;
  }
}

/**
 * @param {number} port
 * @param {string} host
 * @returns {Promise<boolean>}
 */
export function canListen(port, host) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * Whether a server speaks: connects, sends the opening if there is one, and looks at the first bytes that come back.
 * @param {string} host
 * @param {number} port
 * @param {{ opening?: Buffer, isRight: (answer: Buffer) => boolean }} dialogue
 * @returns {Promise<boolean>}
 */
export function speaks(host, port, { opening, isRight }) {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port });
    const end = (/** @type {boolean} */ result) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(2_000, () => end(false));
    socket.once('connect', () => opening && socket.write(opening));
    socket.once('data', (answer) => end(isRight(answer)));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
  });
}

/**
 * Waits until the condition holds. Answers false when it did not within the limit, or when it cannot any more.
 * @param {() => Promise<boolean>} condition
 * @param {{ limitMs: number, isHopeless?: () => boolean }} limits
 */
export async function until(condition, { limitMs, isHopeless = () => false }) {
  const deadline = Date.now() + limitMs;
  while (Date.now() < deadline && !isHopeless()) {
    if (await condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

/**
 * A door on loopback to a server elsewhere. Shut, it refuses and cuts, as if the server had stopped.
 * @param {{ host: string, port: number, tls: boolean }} target
 */
export async function openDoor(target) {
  const port = await freePort();
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set();
  const server = createServer((near) => {
    const far = target.tls
      ? connectTls({ host: target.host, port: target.port, servername: target.host })
      : createConnection(target.port, target.host);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  const open = () =>
    new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', () => resolve(undefined)));
  await open();
  return {
    port,
    open,
    shut: () =>
      new Promise((resolve) => {
        server.close(() => resolve(undefined));
        for (const socket of sockets) socket.destroy();
      }),
  };
}
