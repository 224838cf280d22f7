/**
 * Writes `.br` and `.gz` beside the files of a built portal, so that no server compresses anything while people wait:
 * `node scripts/compress.mjs FOLDER`. Uses `node:` modules only, since images run it where nothing else is installed.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** Others are compressed by their format. */
const TEXT = new Set(['.css', '.ico', '.js', '.json', '.svg', '.txt', '.webmanifest']);
/** Below it an answer fits into one packet anyway. */
const WORTHWHILE_BYTES = 1_400;

/** index.html stays as it is: each answer has a nonce of its own. @param {string} folder */
export async function compress(folder) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((file) => TEXT.has(extname(file)) && statSync(file).size >= WORTHWHILE_BYTES);
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
  await Promise.all(
    files.map(async (file) => {
      const body = readFileSync(file);
      writeFileSync(`${file}.br`, await promisify(brotliCompress)(body, quality));
      writeFileSync(`${file}.gz`, await promisify(gzip)(body, { level: 9 }));
    }),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , folder] = process.argv;
  if (folder === undefined) throw new Error('Usage: node scripts/compress.mjs FOLDER');
  await compress(folder);
}
