import type { Server } from './server.d.mts';

/**
 * A MariaDB or MySQL of one's own, that may be stopped, killed and started again. It ends with this process.
 * @param options.dir a folder to keep its files in; without it they are deleted in the end
 */
export function startMariadb(options?: { dir?: string }): Promise<Server>;
