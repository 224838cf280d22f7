import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.mjs';
import { ownFolder } from './server-process.mjs';
import { findRabbitmq, rabbitmq as one, startMapper, startNode } from './rabbitmq.mjs';

const NODES = ['one', 'two', 'three'];

/** What a program of this system must bring. */
export const rabbitmq = {
  name: one.name,
  aptPackages: one.aptPackages,
  isHere: () => findRabbitmq() !== undefined,
  cure: one.cures.debian,
};

/**
 * Three RabbitMQ nodes on loopback as one cluster, under names, a cookie and a port mapper of their own, each of which
 * may be killed and started again.
 * @returns {Promise<{ nodes: readonly Omit<import('./server.d.mts').Server, 'close'>[], source: string, close: () => Promise<void> }>}
 */
export async function startRabbitmqCluster() {
  const program = findRabbitmq();
  if (program === undefined) throw new Failure(`RabbitMQ is missing: ${rabbitmq.cure}`);
  const folder = ownFolder('rabbitmq-cluster');
  writeFileSync(join(folder.path, '.erlang.cookie'), randomBytes(16).toString('hex'), { mode: 0o400 });
  const mark = randomBytes(4).toString('hex');
  const password = randomBytes(16).toString('hex');
  const nameOf = (/** @type {string} */ node) => `energy-chat-${mark}-${node}@localhost`;
  const settings = [
    'cluster_formation.peer_discovery_backend = classic_config',
    ...NODES.map((node, index) => `cluster_formation.classic_config.nodes.${index + 1} = ${nameOf(node)}`),
    // Queues whose members are elsewhere go on; a node that is cut off pauses rather than go on alone.
    'cluster_partition_handling = pause_minority',
  ];
  /** @type {Awaited<ReturnType<typeof startNode>>[]} */
  const nodes = [];
  let mapper;
  const close = async () => {
    await Promise.all(nodes.map((node) => node.kill()));
    await mapper?.end();
    folder.release();
  };
  try {
    mapper = await startMapper(program, folder.path);
    const { port: mapperPort } = mapper;
    const boot = async (/** @type {string} */ node) => {
      const own = join(folder.path, node);
      mkdirSync(own);
      const place = { program, folder: own, home: folder.path, mapperPort };
      nodes.push(await startNode({ ...place, name: nameOf(node), password, settings }));
    };
    const [first = '', ...others] = NODES;
    // There is a cluster to join once the first is there.
    await boot(first);
    await Promise.all(others.map(boot));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    nodes,
    source: `three nodes (${program})`,
    close,
  };
}
