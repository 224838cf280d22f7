import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { Failure } from './failure.mjs';
import { say, step } from './progress.mjs';
import { provideGrpcurl } from './services/grpcurl.mjs';
import { provideJavaExamples } from './services/java-examples.mjs';
import { mariadb } from './services/mariadb.mjs';
import { provide } from './services/part.mjs';
import { rabbitmq } from './services/rabbitmq.mjs';
import { ownFolder } from './services/server-process.mjs';
import { reported } from './testing/reported.mjs';
import { examples, runSuite } from './testing/suites.mjs';

/**
 * Runs what `examples/` holds and what docs/programs.md says against a chat and a broker of their own, and shows what
 * they print. `npm test` runs the same.
 * @param {readonly string[]} args
 */
export default async function main(args) {
  if (args.length > 0) throw new Failure(`npm run examples knows no ${args[0]}.`);
  await reported(async (report, later) => {
    const [database, broker] = await step(
      'Real servers',
      () => provide([mariadb, rabbitmq], say),
      (all) => all.map(({ source }) => source).join(', '),
    );
    if (database === undefined || broker === undefined) throw new Failure('A real server is missing.');
    [database, broker].forEach(later);
    const source = (/** @type {{ source: string }} */ part) => part.source;
    const grpcurl = await step('grpcurl', () => provideGrpcurl(say), source);
    const java = await step('Examples in Java', () => provideJavaExamples(say), source);
    await build();
    const folder = ownFolder('examples');
    const output = join(folder.path, 'output.txt');
    try {
      await runSuite(examples(), report, {
        TEST_MYSQL_URL: database.url,
        TEST_RABBITMQ_URL: broker.url,
        TEST_GRPCURL: grpcurl.program,
        TEST_MAVEN: java.program,
        TEST_MAVEN_REPOSITORY: java.repository,
        EXAMPLES_OUTPUT: output,
      });
      if (existsSync(output)) say(`\nWhat they printed:\n${readFileSync(output, 'utf8').trimEnd()}\n`);
    } finally {
      folder.release();
    }
  });
}
