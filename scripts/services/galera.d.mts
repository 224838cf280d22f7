import type { Server } from './server.d.mts';

/** Three nodes of MariaDB Galera of one's own, each of which may be killed and started again while another lives. */
export function startGalera(): Promise<{
  readonly nodes: readonly Server[];
  readonly source: string;
  close(): Promise<void>;
}>;
