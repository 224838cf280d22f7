import type { BrowserContext } from '@playwright/test';
import { build } from 'vite';
import { fileURLToPath } from 'node:url';

export const TAB_PATH = '/a-tab-of-the-tests.html';

/** A file of the tests as one script for a page. */
export async function bundled(file: URL): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    build: { write: false, minify: false, lib: { entry: fileURLToPath(file), formats: ['es'], fileName: 'tab' } },
  });
  const [output] = Array.isArray(built) ? built : [built];
  const chunk = output !== undefined && 'output' in output ? output.output[0] : undefined;
  if (chunk === undefined) throw new Error('The page of the tests was not built.');
  return chunk.code;
}

/** A page that runs this script. */
export function pageOf(code: string): string {
  return `<!doctype html><title>tab</title><script type="module">${code.replaceAll('</script', '<\\/script')}</script>`;
}

/** Serves tab-page.ts at the origin's own address, as the portal's files are; the API stays real. */
export async function serveTabPage(context: BrowserContext, origin: string): Promise<string> {
  const code = await bundled(new URL('./tab-page.ts', import.meta.url));
  const url = `${origin}${TAB_PATH}`;
  const body = pageOf(code);
  await context.route(url, (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body }));
  return url;
}
