import { describe, expect, it } from '@jest/globals';
import { Metadata } from '@grpc/grpc-js';
import { beginRequest, runRequest } from './grpc/request-context.js';
import { NestLog, createLogger } from './log.js';

function capture() {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): number => lines.push(JSON.parse(line) as Record<string, unknown>);
  return { lines, log: createLogger({ LOG_LEVEL: 'debug', REPLICA_NAME: 'one' }, { write }) };
}

describe('the log', () => {
  it('is one JSON object a line, with time, level and replica', () => {
    const { lines, log } = capture();
    log.info({ rows: 3 }, 'migrated');
    expect(lines).toEqual([
      { level: 'info', time: expect.stringMatching(/Z$/), replica: 'one', rows: 3, msg: 'migrated' },
    ]);
  });

  it('blackens fields that hold secrets, should somebody log them', () => {
    const { lines, log } = capture();
    const headers = { authorization: 'S3CRET', cookie: 'S3CRET', 'set-cookie': ['S3CRET'], 'x-request-id': 'visible' };
    log.info({ password: 'S3CRET', refreshToken: 'S3CRET', headers, answer: { access_token: 'S3CRET' } }, 'careless');
    expect(JSON.stringify(lines)).not.toContain('S3CRET');
    expect(JSON.stringify(lines)).toContain('visible');
  });

  it('writes of an error what leads to the place, and nothing that drivers hang on it', () => {
    const { lines, log } = capture();
    const driver = Object.assign(new Error('Duplicate entry'), { code: 'ER_DUP_ENTRY', sql: 'INSERT … the body' });
    const error = Object.assign(new Error('write failed', { cause: driver }), { parameters: ['the body'] });
    log.error({ err: error }, 'failed');
    expect(lines[0]).toMatchObject({
      err: {
        type: 'Error',
        message: 'write failed',
        stack: expect.stringContaining('log.spec'),
        cause: { code: 'ER_DUP_ENTRY', message: 'Duplicate entry' },
      },
    });
    expect(JSON.stringify(lines)).not.toContain('the body');
  });

  it('names the request in every line written while it is answered, and only then', async () => {
    const { lines, log } = capture();
    const metadata = new Metadata();
    metadata.set('x-request-id', 'mine');
    const answered = new Promise<void>((resolve) => {
      runRequest(beginRequest(metadata), () => {
        setImmediate(() => {
          log.info('inside');
          resolve();
        });
      });
    });
    log.info('outside');
    await answered;
    expect(lines).toMatchObject([{ msg: 'outside' }, { msg: 'inside', requestId: 'mine' }]);
    expect(lines[0]).not.toHaveProperty('requestId');
  });

  it('takes the lines of Nest, its chatter as debug', () => {
    const { lines, log } = capture();
    const nest = new NestLog(log);
    nest.log('AppModule dependencies initialized', 'InstanceLoader');
    nest.warn('careful', 'Somebody');
    nest.error('broken', 'the stack', 'Somebody');
    nest.error(new Error('thrown'));
    expect(lines).toMatchObject([
      { level: 'debug', context: 'InstanceLoader' },
      { level: 'warn', msg: 'careful', context: 'Somebody' },
      { level: 'error', msg: 'broken', stack: 'the stack', context: 'Somebody' },
      { level: 'error', msg: 'thrown', err: { message: 'thrown' } },
    ]);
  });
});
