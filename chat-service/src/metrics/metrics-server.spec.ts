import { afterEach, describe, expect, it } from '@jest/globals';
import { silentLog } from '../testing/grpc-test-server.js';
import { startMetricsServer } from './metrics-server.js';
import type { Extras, ReadinessChecks } from './metrics-server.js';
import { Metrics } from './metrics.js';

const stopping: (() => Promise<void>)[] = [];
afterEach(() => Promise.all(stopping.splice(0).map((stop) => stop())));

async function start(checks: ReadinessChecks = {}, metrics = new Metrics(), address = '127.0.0.1:0', extras?: Extras) {
  const server = await startMetricsServer({ address, metrics, checks, log: silentLog, ...(extras && { extras }) });
  stopping.push(server.stop);
  return { port: server.port, get: (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`) };
}

describe('the metrics server', () => {
  it('shows what was counted, and the process', async () => {
    const metrics = new Metrics();
    metrics.callEnded('/energy.chat.v1.AuthService/SignIn', 'OK', 0.004);
    metrics.committed(5, 0.003);
    let watchers = 3;
    metrics.show({
      chat_watchers: { kind: 'level', help: 'Open.', read: () => watchers },
      chat_outbox_backlog: { kind: 'level', help: 'Waiting.', read: () => Promise.resolve(12) },
      chat_watch_resumes_total: { kind: 'total', help: 'Resumed.', read: () => 7 },
    });
    watchers = 1;
    const response = await (await start({}, metrics)).get('/metrics');
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    const lines = (await response.text()).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'chat_calls_total{method="/energy.chat.v1.AuthService/SignIn",code="OK"} 1',
        'chat_call_seconds_count{method="/energy.chat.v1.AuthService/SignIn"} 1',
        'chat_commit_entries_sum 5',
        'chat_commit_seconds_count 1',
        'chat_watchers 1',
        'chat_watch_resumes_total 7',
        'chat_outbox_backlog 12',
      ]),
    );
    expect(lines.some((line) => line.startsWith('nodejs_eventloop_lag_p99_seconds '))).toBe(true);
  });

  it('leaves out a figure that cannot be read, shows the others, and has it again afterwards', async () => {
    const metrics = new Metrics();
    let away = true;
    metrics.show({
      chat_outbox_backlog: {
        kind: 'level',
        help: 'Waiting.',
        read: () => (away ? Promise.reject(new Error('away')) : Promise.resolve(3)),
      },
      chat_watchers: { kind: 'level', help: 'Open.', read: () => 2 },
    });
    const { get } = await start({}, metrics);
    const lines = async (): Promise<string[]> => (await (await get('/metrics')).text()).split('\n');
    const during = await lines();
    expect(during).toContain('chat_watchers 2');
    expect(during.filter((line) => line.startsWith('chat_outbox_backlog'))).toEqual([]);
    away = false;
    expect(await lines()).toContain('chat_outbox_backlog 3');
  });

  it('is live while it turns, and ready when every part is', async () => {
    const { get } = await start({ database: () => Promise.resolve() });
    expect((await get('/livez')).status).toBe(200);
    expect((await get('/readyz')).status).toBe(200);
    expect((await get('/else')).status).toBe(404);
  });

  it('says which part is not ready, but not where it lives', async () => {
    const away = () => Promise.reject(new Error('connect ECONNREFUSED chat:secret@10.0.0.7'));
    const { get } = await start({ database: away, serving: () => Promise.resolve() });
    const response = await get('/readyz');
    expect(response.status).toBe(503);
    expect(await response.text()).toBe('database: not ready\nserving: ok\n');
    expect((await get('/livez')).status).toBe(200);
  });

  it('names what clients are served without, and stays ready', async () => {
    const extras = () => [
      { part: 'RabbitMQ, hints', works: false },
      { part: 'RabbitMQ, announcements', works: true },
    ];
    const { get } = await start({ database: () => Promise.resolve() }, new Metrics(), '127.0.0.1:0', extras);
    const response = await get('/readyz');
    expect(response.status).toBe(200);
    expect((await response.text()).split('\n')).toEqual([
      'database: ok',
      'RabbitMQ, hints: away; clients are served without it',
      'RabbitMQ, announcements: ok',
      '',
    ]);
  });

  it('does not wait for a part that hangs', async () => {
    const { get } = await start({ database: () => new Promise(() => undefined) });
    expect((await get('/readyz')).status).toBe(503);
  });

  it('names the setting when its port is in use', async () => {
    const { port } = await start();
    await expect(start({}, new Metrics(), `127.0.0.1:${port}`)).rejects.toThrow(
      `METRICS_ADDRESS: 127.0.0.1:${port} is in use by another program`,
    );
  });
});
