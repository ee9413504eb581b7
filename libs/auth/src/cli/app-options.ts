import type { Command } from 'commander';

/** Where the root module of an application is. */
export interface RootModuleOptions {
  readonly app: string;
  readonly export?: string;
}

/** The options `--app` and `--export` of every command that looks at an application. */
export function withRootModule(command: Command): Command {
  return command
    .requiredOption('--app <file>', 'compiled file that exports the root module, such as dist/app.module.js')
    .option(
      '--export <name>',
      'a module, or a function without arguments that gives one (default: AppModule, else the default export)',
    );
}
