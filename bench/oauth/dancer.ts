/** A browser as far as a dance needs one: redirects by hand, and the cookies of the application. */
export class Dancer {
  private readonly cookies = new Map<string, string>();

  /** From `/login/:provider` through the provider to the end. @throws Error when it does not come to a redirect of ours. */
  async dance(application: string, provider: string): Promise<void> {
    const toProvider = await this.visit(`${application}/login/${provider}`);
    const back = await this.visit(toProvider);
    const end = await this.visit(back);
    if (new URL(end).origin !== application) throw new Error(`the dance ended at ${end}`);
  }

  /** @returns where it is redirected. */
  private async visit(url: string): Promise<string> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { redirect: 'manual', headers: { cookie } });
    await answer.arrayBuffer();
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]*)=([^;]*)/.exec(line)!;
      this.cookies.set(name!, value!);
    }
    const location = answer.headers.get('location');
    if (location === null) throw new Error(`${url} answered ${answer.status}, and no redirect`);
    return new URL(location, url).href;
  }
}

export async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
