import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Everything that may be deleted at any time: the private Node, stamps, the tools' caches. */
export const CACHE = join(ROOT, '.cache');
