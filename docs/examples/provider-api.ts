import { Controller, Get, Injectable } from '@nestjs/common';
import { RequireToken } from 'nest-latchkey';
import { OAuthClient, OAuthGrants, RequireOAuth } from 'nest-latchkey/passport';

@Controller()
export class ReposController {
  @RequireToken()
  @Get('repos')
  repos(@OAuthClient('github') github: OAuthClient) {
    return github.json<{ name: string }[]>('user/repos?per_page=5');
  }

  @RequireToken()
  @RequireOAuth('github', { scope: ['repo'] })
  @Get('repos/private')
  privateRepos(@OAuthClient('github') github: OAuthClient) {
    return github.json<{ name: string }[]>('user/repos?visibility=private');
  }
}

@Injectable()
export class NightlyReport {
  constructor(private readonly grants: OAuthGrants) {}

  /** Without a request: a job, a queue, a script. */
  async reposOf(username: string): Promise<number> {
    const github = this.grants.client('github', { kind: 'user', id: username });
    if (!(await github.isAuthorized())) return 0;
    return (await github.json<unknown[]>('user/repos')).length;
  }
}
