/** An application that logs in, and says how much of the processor it has used: in microseconds, since it began. */
import { oauthApplication, type OAuthApplicationOptions } from '../application.js';

await oauthApplication(JSON.parse(process.argv[2]!) as OAuthApplicationOptions);

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send!(user + system);
});
process.on('disconnect', () => process.exit());
process.send!({ ready: true });
