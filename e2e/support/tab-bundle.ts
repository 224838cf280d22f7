import type { BrowserContext } from '@playwright/test';
import { build } from 'vite';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('./tab-page.ts', import.meta.url));
export const TAB_PATH = '/a-tab-of-the-tests.html';

/** tab-page.ts as one script. */
async function bundled(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    build: { write: false, minify: false, lib: { entry: ENTRY, formats: ['es'], fileName: 'tab' } },
  });
  const [output] = Array.isArray(built) ? built : [built];
  const chunk = output !== undefined && 'output' in output ? output.output[0] : undefined;
  if (chunk === undefined) throw new Error('The page of the tests was not built.');
  return chunk.code;
}

/** Serves tab-page.ts at the origin's own address, as the portal's files are; the API stays real. */
export async function serveTabPage(context: BrowserContext, origin: string): Promise<string> {
  const code = await bundled();
  const url = `${origin}${TAB_PATH}`;
  const body = `<!doctype html><title>tab</title><script type="module">${code.replaceAll('</script', '<\\/script')}</script>`;
  await context.route(url, (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body }));
  return url;
}
