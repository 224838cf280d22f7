import { generate } from './build.mjs';

export default generate;
