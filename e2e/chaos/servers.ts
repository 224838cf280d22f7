import { startGalera } from '../../scripts/services/galera.mjs';
import { startMariadb } from '../../scripts/services/mariadb.mjs';
import { startRabbitmqCluster } from '../../scripts/services/rabbitmq-cluster.mjs';
import { startRabbitmq } from '../../scripts/services/rabbitmq.mjs';
import type { Server } from '../../scripts/services/server.mjs';
import { hostsOf } from '../support/galera-node.js';
import type { Undo } from '../support/undo.js';

/** A server, or one node of a cluster, that may be killed and started again. */
export interface Node extends Omit<Server, 'close'> {
  readonly name: string;
}

/** A database and a broker: one node of each, or three. */
export interface Servers {
  readonly databases: readonly Node[];
  readonly brokers: readonly Node[];
  /** All nodes in one, as Deployment takes them. */
  readonly mysqlUrl: string;
  readonly brokerUrl: string;
  /** For people. */
  readonly sources: string;
}

export async function startServers(isCluster: boolean, undo: Undo): Promise<Servers> {
  const database = await (isCluster ? startGalera() : startMariadb());
  undo.later(() => database.close());
  const broker = await (isCluster ? startRabbitmqCluster() : startRabbitmq());
  undo.later(() => broker.close());
  const databases = named('database', 'nodes' in database ? database.nodes : [database]);
  const brokers = named('broker', 'nodes' in broker ? broker.nodes : [broker]);
  return {
    databases,
    brokers,
    mysqlUrl: hostsOf(databases),
    brokerUrl: brokers.map(({ url }) => url).join(','),
    sources: `${database.source}, ${broker.source}`,
  };
}

function named(name: string, nodes: readonly Omit<Server, 'close'>[]): Node[] {
  const numbers = ['one', 'two', 'three'];
  return nodes.map((node, index) => ({ ...node, name: nodes.length === 1 ? name : `${name} ${numbers[index] ?? ''}` }));
}
