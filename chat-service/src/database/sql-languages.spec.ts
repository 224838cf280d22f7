import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { languagesContract } from '../identity/languages.contract.js';
import { languagesUnderTest } from '../testing/languages-under-test.js';
import { openEmbeddedDatabase } from './embedded/embedded-database.js';

languagesContract(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'languages-'));
  return languagesUnderTest(await openEmbeddedDatabase(directory), () => rm(directory, { recursive: true }));
});
