import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { Failure } from './failure.mjs';
import { say, step } from './progress.mjs';
import { canInstallByApt, installByApt } from './services/apt.mjs';
import { galera, startGalera } from './services/galera.mjs';
import { rabbitmq, startRabbitmqCluster } from './services/rabbitmq-cluster.mjs';
import { ownFolder } from './services/server-process.mjs';
import { reported } from './testing/reported.mjs';
import { clusterChaos, clusterJourneys, runSuite, serviceOnCluster } from './testing/suites.mjs';

/**
 * The same contract suites and journeys with replicas at different nodes of a MariaDB Galera and a RabbitMQ cluster, and
 * a chaos run of 20,000 sends while their nodes are killed. The last line is `N passed, N failed`.
 * @param {readonly string[]} args
 */
export default async function testCluster(args) {
  if (args.length > 0) throw new Failure(`npm run test:cluster knows no ${args[0]}.`);
  await reported(async (report, later) => {
    await provideClusters();
    await build();
    const [databases, brokers] = await step(
      'Clusters',
      () => both(later),
      (all) => all.map(({ source }) => source).join(', '),
    );
    const mysqlUrl = [databases.nodes[0]?.url, ...databases.nodes.slice(1).map(({ url }) => new URL(url).host)].join(
      ',',
    );
    const brokerUrl = brokers.nodes.map(({ url }) => url).join(',');
    const env = { TEST_MYSQL_URL: mysqlUrl, TEST_RABBITMQ_URL: brokerUrl };
    await runSuite(serviceOnCluster(), report, env);
    await runSuite(clusterJourneys(), report, env);
    // The chaos run kills nodes of its own.
    await Promise.all([databases.close(), brokers.close()]);
    await chaos(report);
  });
}

/** One may be up while the other fails: each is closed in the end. @param {(server: { close: () => Promise<unknown> }) => void} later */
async function both(later) {
  const kept = async (/** @type {() => Promise<any>} */ start) => {
    const cluster = await start();
    later(cluster);
    return cluster;
  };
  /** @type {[Awaited<ReturnType<typeof startGalera>>, Awaited<ReturnType<typeof startRabbitmqCluster>>]} */
  const clusters = await Promise.all([kept(startGalera), kept(startRabbitmqCluster)]);
  return clusters;
}

/** @param {import('./testing/report.mjs').Report} report */
async function chaos(report) {
  const folder = ownFolder('chaos');
  const file = join(folder.path, 'report.txt');
  try {
    await runSuite(clusterChaos(), report, { CHAOS_REPORT: file });
    if (existsSync(file)) say(`\n${readFileSync(file, 'utf8')}`);
  } finally {
    folder.release();
  }
}

async function provideClusters() {
  const lacking = () => [galera, rabbitmq].filter((part) => !part.isHere());
  if (lacking().length > 0 && canInstallByApt()) {
    const packages = lacking().flatMap((part) => part.aptPackages);
    say(`  … installing ${packages.join(', ')} by apt-get (no service is started)`);
    await installByApt(packages);
  }
  const missing = lacking();
  if (missing.length === 0) return;
  const lines = missing.map(({ name, cure }) => `  ${name}: ${cure}`);
  throw new Failure(`The cluster tests start these servers themselves, and they are missing:\n${lines.join('\n')}`);
}
