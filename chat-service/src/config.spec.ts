import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigError, readConfig } from './config.js';

const enough = { ROLE_MAP: '0=client,1=admin' };

/** What the operator reads. */
function complaint(env: NodeJS.ProcessEnv): string {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('the configuration', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'chat-config-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('needs no more than the role map, and is the embedded deployment then', () => {
    const config = readConfig(enough);
    expect([...config.ROLE_MAP]).toEqual([
      ['0', 'client'],
      ['1', 'admin'],
    ]);
    expect(config.DATABASE_URL).toBeUndefined();
    expect(config.RABBITMQ_URL).toBeUndefined();
    expect(config.HEARTBEAT_SECONDS).toBe(25);
    expect(config.ACCESS_TOKEN_SECONDS).toBe(480);
    expect(config.REPLICA_NAME).toMatch(/^[!-~]{1,64}$/);
  });

  it('names the role map and gives an example when it is missing or wrong', () => {
    expect(complaint({})).toContain('ROLE_MAP: is required');
    expect(complaint({ ROLE_MAP: '0=customer' })).toContain('"0=customer" is not WORD=client');
  });

  it('names every setting that is wrong, with the cure, in one go', () => {
    const text = complaint({
      ...enough,
      DATABASE_URL: 'postgres://host/db',
      GRPC_ADDRESS: '9090',
      METRICS_ADDRESS: '127.0.0.1:70000',
      GRPC_REFLECTION: 'yes',
      HEARTBEAT_SECONDS: '0',
      LOG_LEVEL: 'loud',
    });
    expect(text).toContain('DATABASE_URL: write a URL that begins with mysql://');
    expect(text).toContain('GRPC_ADDRESS: write host:port');
    expect(text).toContain('METRICS_ADDRESS: the port must be 0 to 65535');
    expect(text).toContain('GRPC_REFLECTION: write true or false');
    expect(text).toContain('HEARTBEAT_SECONDS:');
    expect(text).toContain('LOG_LEVEL:');
  });

  it('never repeats a value that may hold a secret', () => {
    expect(complaint({ ...enough, RABBITMQ_URL: 'http://chat:hunter2@broker' })).not.toContain('hunter2');
    expect(complaint({ ...enough, DATABASE_URL: 'chat:hunter2@database' })).not.toContain('hunter2');
  });

  it('takes the nodes of a cluster, and looks at each', () => {
    const [database, brokers] = ['mysql://chat:p@one:3306,two/chat', 'amqp://chat:p,w@one/v,amqps://chat:p@two/v'];
    const config = readConfig({ ...enough, DATABASE_URL: database, RABBITMQ_URL: brokers });
    expect([config.DATABASE_URL, config.RABBITMQ_URL]).toEqual([database, brokers]);
    for (const wrong of ['mysql://chat:p@one,/chat', 'mysql://chat:p@one:port,two/chat', 'mysql:///chat']) {
      expect(complaint({ ...enough, DATABASE_URL: wrong })).toContain(
        'DATABASE_URL: write a URL that begins with mysql://',
      );
      expect(complaint({ ...enough, PLATFORM_DATABASE_URL: wrong })).toContain('PLATFORM_DATABASE_URL: write a URL');
    }
    for (const wrong of ['amqp://one,two', 'amqp://one, http://two', 'amqp://']) {
      expect(complaint({ ...enough, RABBITMQ_URL: wrong })).toContain(
        'RABBITMQ_URL: write a URL that begins with amqp://',
      );
    }
  });

  it('takes any setting from a file, without the line end', () => {
    const file = join(directory, 'url');
    writeFileSync(file, 'mysql://chat:secret@db/chat\n');
    expect(readConfig({ ...enough, DATABASE_URL_FILE: file }).DATABASE_URL).toBe('mysql://chat:secret@db/chat');
  });

  it('names the file that it cannot read', () => {
    expect(complaint({ ...enough, DATABASE_URL_FILE: join(directory, 'none') })).toContain(
      `DATABASE_URL_FILE: cannot read "${join(directory, 'none')}"`,
    );
  });

  it('takes an empty value for none', () => {
    expect(readConfig({ ...enough, RABBITMQ_URL: '' }).RABBITMQ_URL).toBeUndefined();
  });

  it('reads supervisors as a set of ids', () => {
    expect([...readConfig({ ...enough, SUPERVISORS: ' 3, 12 ,' }).SUPERVISORS]).toEqual(['3', '12']);
  });
});
