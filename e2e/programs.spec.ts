import { execFile } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@playwright/test';
import { ownFolder } from '../scripts/services/server-process.mjs';
import { EmbeddedDeployment } from './support/embedded-deployment.js';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** The commands of docs/programs.md, one text for each block. */
function commands(): string[] {
  const page = readFileSync(join(ROOT, 'docs', 'programs.md'), 'utf8');
  return [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
}

test.describe.serial('the commands of docs/programs.md', () => {
  const folder = ownFolder('programs');
  const accounts = join(folder.path, 'service-accounts.json');
  let deployment: EmbeddedDeployment;

  test.beforeAll(async () => {
    deployment = await EmbeddedDeployment.start({ GRPC_REFLECTION: 'true', SERVICE_ACCOUNTS_FILE: accounts });
  });

  test.afterAll(async () => {
    await deployment?.close();
    folder.release();
  });

  test('do what the page says, one after the other, as somebody types them', async () => {
    const { TEST_GRPCURL: grpcurl } = process.env;
    if (grpcurl === undefined) throw new Error('TEST_GRPCURL is missing: npm test makes or finds grpcurl.');
    symlinkSync(grpcurl, join(folder.path, 'grpcurl'));
    const blocks = commands();
    const script = blocks.map((block, index) => `echo "=== ${index}"\n${block}`).join('');
    const output = await shell(script.replaceAll('localhost:9090', deployment.replica.address));
    const answers = output.split(/^=== \d+\n/m).slice(1);
    expect(answers).toHaveLength(blocks.length);

    /** What the block that does this has printed. */
    const answerTo = (words: string): string => {
      const index = blocks.findIndex((block) => block.includes(words));
      return answers[index] ?? `No block does: ${words}`;
    };
    expect(answerTo(' list')).toContain('energy.chat.v1.ConversationService');
    expect(answerTo('describe')).toContain('string request_id = ');
    expect(answerTo('ConversationService/SendMessage')).toContain('"text": "Where is my bill?"');
    const watched = answerTo('/Watch');
    expect(watched).toContain('"text": "Where is my bill?"');
    expect(watched).toContain('"caughtUp"');
    expect(answerTo('SystemMessageService/Publish')).toMatch(/"conversationId": ".*",\s+"seq": \d+/);
    expect(answerTo('service-account -- list')).toMatch(/^billing-nightly .*billing \(Billing\)$/m);
    expect(answerTo('revoke')).toContain('The key of billing-nightly is good for nothing within 5 s.');
    expect(JSON.parse(readFileSync(accounts, 'utf8'))).toEqual({
      sources: { billing: { shownName: 'Billing' } },
      accounts: [],
    });
    // Neither the key nor the token is anybody's business.
    expect(deployment.replica.log).not.toMatch(/eck_[\w-]{20}|eyJ[\w-]{20}/);
  });

  /** All that it prints, by any way. */
  function shell(script: string): Promise<string> {
    const env = {
      ...process.env,
      PATH: `${folder.path}:${process.env.PATH ?? ''}`,
      SERVICE_ACCOUNTS_FILE: accounts,
      NODE_OPTIONS: '',
    };
    return new Promise((resolve) => {
      execFile('sh', ['-c', `exec 2>&1\n${script}`], { cwd: ROOT, env, timeout: 120_000 }, (_error, output) =>
        resolve(output),
      );
    });
  }
});
