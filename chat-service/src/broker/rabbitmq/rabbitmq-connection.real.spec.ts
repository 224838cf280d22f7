import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../testing/eventually.js';
import { memoryLog } from '../../testing/memory-log.js';
import { TcpProxy } from '../../testing/tcp-proxy.js';
import { testServer } from '../../testing/test-server.js';
import { RabbitmqConnection } from './rabbitmq-connection.js';

const QUICK = { firstDelayMs: 10, longestDelayMs: 50, closeTimeoutMs: 500 };

describe('RabbitmqConnection', () => {
  const server = testServer('TEST_RABBITMQ_URL');
  let proxy: TcpProxy;
  let log: ReturnType<typeof memoryLog>;
  let connection: RabbitmqConnection;

  beforeEach(async () => {
    proxy = await TcpProxy.before(server);
    log = memoryLog();
    connection = new RabbitmqConnection(proxy.url(server), log.log, QUICK);
  });

  afterEach(async () => {
    await connection.close();
    await proxy.refuse();
  });

  const connected = () => eventually('connected', () => connection.state === 'connected');
  const connections = () => log.lines.filter((line) => line.includes('is connected')).length;
  const away = () => eventually('away', () => connection.state === 'away');

  it('connects in the background, and again after each time the broker was away', async () => {
    expect(connection.state).toBe('away');
    await connected();
    await proxy.refuse();
    await away();
    await proxy.restore();
    await connected();
    proxy.cut();
    await eventually('connected a third time', () => connections() === 3);
  });

  it('goes to the next node of a cluster while one is away, and tells of each once', async () => {
    await connection.close();
    const other = await TcpProxy.before(server);
    connection = new RabbitmqConnection([proxy.url(server), other.url(server)].join(','), log.log, QUICK);
    await connected();
    expect([proxy.connections, other.connections]).toEqual([1, 0]);
    await proxy.refuse();
    await eventually('connected by the other', () => connection.state === 'connected' && other.connections === 1);
    await other.refuse();
    await away();
    const tries = connection.failedTries;
    await eventually('both were tried several times', () => connection.failedTries >= tries + 6);
    expect(log.lines.filter((line) => line.includes('ECONNREFUSED'))).toHaveLength(2);
    await proxy.restore();
    await connected();
    expect(proxy.connections).toBe(1);
  });

  it('says once that the broker is away, however often it tries', async () => {
    await connected();
    await proxy.refuse();
    const tries = connection.failedTries;
    await eventually('it has tried several times', () => connection.failedTries >= tries + 5);
    await proxy.restore();
    await connected();
    expect(log.lines.filter((line) => line.includes('ECONNREFUSED'))).toHaveLength(1);
  });

  it('gives up a broker that hangs, by the heartbeat, and one that takes the connection but never answers', async () => {
    await connection.close();
    const times = { ...QUICK, heartbeatSeconds: 1, connectTimeoutMs: 200 };
    connection = new RabbitmqConnection(proxy.url(server), log.log, times);
    await connected();
    proxy.pause();
    await away();
    await eventually('a try has timed out', () => log.lines.some((line) => line.includes('ETIMEDOUT')));
    proxy.resume();
    await connected();
  });

  it('reopens a channel that RabbitMQ closes, and says what was wrong', async () => {
    let prepared = 0;
    const kept = connection.keepChannel('a test', async () => {
      prepared++;
      return Promise.resolve();
    });
    const first = await eventually('the channel is open', () => kept.current);
    await expect(first.checkQueue('energy.chat.no-such-queue')).rejects.toThrow('404');
    await eventually('another channel is open', () => kept.current !== undefined && kept.current !== first);
    expect(prepared).toBe(2);
    expect(connection.state).toBe('connected');
    expect(log.lines.filter((line) => line.includes('energy.chat.no-such-queue'))).toHaveLength(1);
  });

  it('tries a channel that cannot be prepared again and again, and leaves the other channels alone', async () => {
    let tries = 0;
    const good = connection.keepChannel('good', () => Promise.resolve());
    const bad = connection.keepChannel('bad', async (channel) => {
      tries++;
      if (tries < 4) await channel.checkExchange('energy.chat.no-such-exchange');
    });
    const open = await eventually('the good channel is open', () => good.current);
    await eventually('the bad channel is open at last', () => bad.current);
    expect(tries).toBe(4);
    expect(good.current).toBe(open);
    expect(log.lines.filter((line) => line.includes('energy.chat.no-such-exchange'))).toHaveLength(1);
  });

  it('opens nothing any more once closed', async () => {
    const kept = connection.keepChannel('a test', () => Promise.resolve());
    await eventually('the channel is open', () => kept.current);
    await connection.close();
    expect(connection.state).toBe('away');
    expect(kept.current).toBeUndefined();
    await eventually('the connection is gone', () => proxy.connections === 0);
  });

  it('closes in time while it is trying to connect, and while the broker hangs', async () => {
    await connected();
    proxy.pause();
    await connection.close();
    connection = new RabbitmqConnection('amqp://127.0.0.1:1', log.log, QUICK);
    await connection.close();
    expect(connection.state).toBe('away');
  });

  it('never writes the password to the log, whatever happens', async () => {
    await connected();
    proxy.cut();
    await eventually('connected again', () => connections() === 2);
    const wrong = new URL(proxy.url(server));
    wrong.username = 'chat';
    wrong.password = 'do-not-log-me';
    const refused = new RabbitmqConnection(wrong.href, log.log, QUICK);
    await eventually('it was refused', () => log.lines.some((line) => line.includes('ACCESS_REFUSED')));
    await refused.close();
    const nowhere = new RabbitmqConnection('amqp://chat:do-not-log-me@127.0.0.1:1/chat', log.log, QUICK);
    await eventually('it was refused', () => log.lines.some((line) => line.includes('127.0.0.1:1/')));
    await nowhere.close();
    expect(log.lines.join('')).not.toContain('do-not-log-me');
  });
});
