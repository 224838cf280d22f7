import type { Server } from './server.d.mts';

/** The database server named by TEST_MYSQL_URL, else one of our own. `url` is an account that may create databases. */
export function provideMariadb(say?: (text: string) => void): Promise<Server>;

/**
 * A MariaDB or MySQL of one's own, that may be stopped, killed and started again. It ends with this process.
 * @param options.dir a folder to keep its files in; without it they are deleted in the end
 */
export function startMariadb(options?: { dir?: string }): Promise<Server>;
