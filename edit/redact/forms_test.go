package redact

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/format"
)

// forms are lines with secrets, which stand between « and ». Each kind has siblings:
// other programs, spellings, quotes and languages.
var forms = []struct {
	kind  string
	lines []string
}{
	{"network", []string{
		"Router(config)# enable secret «Mango88Splash»",
		"Router(config)# tacacs-server key «Mango88Splash»",
		"Router(config)# radius-server host 10.0.0.5 key 7 «0822455D0A16»",
		"Router(config)# crypto isakmp key «Mango88Splash» address 192.0.2.7",
		"Router(config-if)# wpa-psk ascii 0 «Mango88Splash»",
		"Router(config-if)# ip ospf message-digest-key 1 md5 «Mango88Splash»",
		"Router(config-router)# neighbor 192.0.2.9 password «Mango88Splash»",
		"Router(config-line)# password «Mango88Splash»",
		" password 7 «0822455D0A16»",
		"  password «Mango88Splash»",
		"ntp authentication-key 1 md5 «Mango88Splash»",
		"snmp-server community «Mango88Splash» RO",
		"set system root-authentication plain-text-password-value «Mango88Splash»",
		"set security ike policy a pre-shared-key ascii-text «Mango88Splash»",
		"set snmp community «Mango88Splash»",
		"set security ike policy a pre-shared-key ascii-text \"«$9$Mango88Splash»\"",
		"ubnt@edge# set system login user bob authentication plaintext-password «Mango88Splash»",
		"[admin@router] > /user set admin password=«Mango88Splash»",
		"192.0.2.7 192.0.2.9 : PSK \"«Mango88Splash»\"",
		"bob : EAP \"«Mango88Splash»\"",
		"bob * \"«Mango88Splash»\" *",
		"[sw1-aaa] local-user bob password irreversible-cipher «Mango88Splash»",
		"vyos@r# set vpn ipsec authentication psk p secret '«Mango88Splash»'",
		"admin@PA# set network ike gateway g authentication pre-shared-key key «Mango88Splash»",
		"root@OpenWrt:~# uci set wireless.@wifi-iface[0].key='«Mango88Splash»'",
		"wireless.default_radio0.key='«Mango88Splash»'",
		"    set passwd ENC «SH2Mango88Splash»",
		"    set psksecret «Mango88Splash»",
	}},
	{"markup", []string{
		"<password>«Mango88Splash»</password>",
		"  <ns:clientSecret>«Mango88Splash»</ns:clientSecret>",
		"<password><![CDATA[«Mango88Splash»]]></password>",
		`<add key="Password" value="«Mango88Splash»" />`,
		`<property name="javax.persistence.jdbc.password" value="«Mango88Splash»"/>`,
		`<input type="hidden" name="access_token" value="«Mango88Splash»">`,
		`{"name": "DB_PASSWORD", "value": "«Mango88Splash»"}`,
		"- {name: API_TOKEN, value: «Mango88Splash»}",
		"<key>password</key><string>«Mango88Splash»</string>",
	}},
	{"table", []string{
		"|  SecretAccessKey |  «kX9vB2nM4qL7wE1rT5yU8iO3pA6sD0fG2hJ4kL9z»  |",
		"│ admin password │ «Mango88Splash» │",
		"ACCESSKEY\t«AKIAQ3EGJ4KLM5NOPQR7»\t2026-11-30T10:00:00+00:00\t«kX9vB2nM4qL7wE1rT5yU8iO3pA6sD0fG2hJ4kL9z»\tActive\tbob",
		"«AKIAQ3EGJ4KLM5NOPQR7»,«kX9vB2nM4qL7wE1rT5yU8iO3pA6sD0fG2hJ4kL9z»",
		"key1       FULL           «kX9vB2nM4qL7wE1rT5yU8iO3pA6sD0fG2hJ4kL9zX9vB2nM4qL7wE1rT5yU8iO3pA6sD0fG2hJ4kL9zX9vB2w==»",
	}},
	{"code", []string{
		"define( 'DB_PASSWORD', '«+Mango88^Splash4?»' );",
		"define('LOGGED_IN_SALT', '«l6J#5ixaaJ[LS^huQ}~$jOud@!yDUA!/5zmS1sw»');",
		"props.setProperty(\"db.password\", \"«Mango88Splash»\");",
		"req.Header.Set(\"X-Api-Key\", \"«Mango88Splash»\")",
		"$c = New-Object System.Net.NetworkCredential(\"bob\", \"«Mango88Splash»\")",
		"new UsernamePasswordCredentials(\"bob\", \"«Mango88Splash»\")",
		`{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","d":"«kX9vB2nM4qL7wE1rT5yU8iO3pA6sD0fG2hJ4kL9zXvE»"}`,
		`  "k": "«kX9vB2nM4qL7wE1rT5yU8iO3pA6sD0fG2hJ4kL9zXvE»",`,
		"SAMLResponse=«fZJNT8MwDIbv/IqJ3zdBqWGq4qB8Xk2Jh0OHe1zQ1b3M1yR»&RelayState=x",
		"u.set_password('«Mango88Splash»')",
		"User.objects.create_user('ann', 'a@b.example', '«Mango88Splash»')",
		"$u->password = bcrypt('«Mango88Splash»')",
		`      ~ master_password = "«Mango88Splash»" -> "«Heron42Flux»"`,
		"hash pbkdf2_sha256$600000$«pR5yU8iO3pA6sD0fG2hJ4k$8y2wvwhNatRIhMAvxoePlj0QRQkDhSf0Qhm3xLsD9dI=»",
		"userPassword: {SSHA}«LdnqNioCYy17mGI6S4SeWGEtOaUMb5jPqxXigPWy»",
		"http://localhost:8080/callback?code=«4/gGeGm4bTqg86Zxl4hvfAnFdl3lmXPW»&state=x1",
		"curl https://api.telegram.org/bot123456789:«AAZ5dkEbr7aMEWEZi3BJLVCfLPJIKCivvW4»/getMe",
		"db, err := sql.Open(\"mysql\", \"app:«Mango88Splash»@tcp(db:3306)/shop\")",
	}},
	{"said", []string{
		"The initial admin password is «Mango88Splash»",
		"Your new API key is «Mango88Splash».",
		"Password for user bob has been set to '«Mango88Splash»'",
		"root password was changed to «Mango88Splash»",
		"The client secret is: «Mango88Splash»",
	}},
	{"protocol", []string{
		"> PASS «Mango88Splash»",
		"---> PASS «Mango88Splash»",
		"> a1 LOGIN bob «Mango88Splash»",
		"/msg NickServ identify «Mango88Splash»",
		"/msg NickServ IDENTIFY bob «Mango88Splash»",
		"/oper bob «Mango88Splash»",
		"DefaultEndpointsProtocol=https;AccountName=x;AccountKey=«Mango88Splash»;EndpointSuffix=core.windows.net",
		"https://web1.example/x?X-Amz-Signature=«4f1c0ffee4f1c0ffee4f1c0ffee4f1c0ffee»&a=b",
	}},
	{"arguments", []string{
		"net user bob «Mango88Splash» /add",
		`net use z: \\web1\share «Mango88Splash» /user:bob`,
		"schtasks /create /ru bob /rp «Mango88Splash» /tn x",
		"signtool sign /f a.pfx /p «Mango88Splash» a.exe",
		"snmpwalk -v2c -c «Mango88Splash» 192.0.2.7 system",
		"smbclient //web1/share «Mango88Splash» -U bob",
		"impacket-psexec corp/bob:«Mango88Splash»@192.0.2.7",
		"secretsdump.py 'corp/bob:«Mango88Splash»'@192.0.2.7",
		"hydra -l bob -p «Mango88Splash» ssh://web1",
		"rclone obscure «Mango88Splash»",
		`C:\>net use z: \\web1\share /user:bob «Mango88Splash»`,
		"    DefaultPassword    REG_SZ    «Mango88Splash»",
		"    Key Content            : «Mango88Splash»",
		"    Schlüsselinhalt        : «swordfish»",
		"msf6 > set SMBPass «Mango88Splash»",
		"SMBPass => «Mango88Splash»",
		`<meta name="csrf-token" content="«9ATDSAann-BwYC0n38gkp»">`,
		"http://web1.example/a;jsessionid=«A997702652F2B23A015DA2219027C30D»?b=1",
		"bob:500:aad3b435b51404eeaad3b435b51404ee:«ade2925fd81b34bf7e8df33809cd89bf»:::",
		"slappasswd -s «Mango88Splash»",
		"drush user:password admin \"«Mango88Splash»\"",
		"cypher-shell -u neo4j -p «Mango88Splash»",
		"mysql-server mysql-server/root_password password «Mango88Splash»",
		"d-i passwd/root-password password «Mango88Splash»",
		"poll mx protocol imap username ann password «Mango88Splash» ssl",
		"remotepass = «Mango88Splash»",
		"export PASSWORD='«Mango88<Splash>»'",
		"C:\\>cmdkey /add:web1 /user:bob /pass:«Mango88Splash»",
		"yubico-piv-tool -P «481516» -a verify-pin",
		"pkcs11-tool --login --pin «481516» -O",
		"export STRIPE_KEY=«wb3wkh5dnsipzz5fk2z9»",
		"set -x MAILGUN_KEY «wb3wkh5dnsipzz5fk2z9»",
		"APP_KEY=«base64:TXZ3BvhdhpACSta9o0Ab6cjLzMk19s0fYSJq4VM4rho=»",
		"export BW_SESSION=\"«kX9vB2nM4qL7wE1rT5yU8iO3pA6sD0fG2hJ4kL9z==»\"",
		"MAIL_PASSWORD=«%Saluki97=ojf?»",
		"ldapsearch -x -D cn=admin -w '«%Tanuba63=fy5»' -b dc=x",
		"certutil -p «Mango88Splash» -importpfx a.pfx",
		"mkpasswd -m sha-512 «Mango88Splash»",
		"security add-generic-password -a bob -s x -w «Mango88Splash»",
		"bw unlock «Mango88Splash»",
		"bw login bob@web1.example «Mango88Splash»",
		"ngrok config add-authtoken «Mango88Splash»",
		"cloudflared service install «Mango88Splash»",
		"doppler configure set token «Mango88Splash»",
		"composer config http-basic.web1.example bob «Mango88Splash»",
		"mc alias set web1 https://web1.example ANN «Mango88Splash»",
		"kadmin -p bob -w «Mango88Splash»",
		"swaks --to a@b.example -ap «Mango88Splash»",
		"ansible-vault encrypt_string «Mango88Splash» --name x",
		"qemu-img info --object secret,id=s,data=«Mango88Splash» a.qcow2",
		"rsync --password-file=<(echo «Mango88Splash») a b::c",
		`pass insert -e x <<< "«Mango88Splash»"`,
		"vncpasswd -f <<< «Mango88Splash»",
		"kinit bob <<< «Mango88Splash»",
		"docker secret create x - <<< «Mango88Splash»",
		"echo «Mango88Splash» | docker secret create x -",
		`expect -c 'expect "assword:"; send "«Mango88Splash»\r"'`,
		`requests.get(u, auth=("bob", "«Mango88Splash»"))`,
		`server.login("bob@web1.example", "«Mango88Splash»")`,
		`ConvertTo-SecureString "«Mango88Splash»" -AsPlainText -Force`,
		"export GITHUB_PAT=«Mango88Splash»",
		"storage-key: «Mango88Splash»",
		"admin_pw=«Mango88Splash»",
	}},
	{"prompt", []string{
		"AWS Secret Access Key [None]: «kX9vB2nM4qL7wE1rT5yU8iO3pA6sD0fG2hJ4kL9z»",
		"AWS Secret Access Key [****************WXYZ]: «kX9vB2nM4qL7wE1rT5yU8iO3pA6sD0fG2hJ4kL9z»",
		"AWS Session Token [None]: «Xk29vBnM4qL7wE1rT5yU8iO3pA6»",
		"[sudo] password for bob: «Mango88Splash»",
		"[sudo] password for bob: «hunter2»",
		"[sudo] password for bob: «marigold»",
		"[sudo: authenticate] Password: «Mango88Splash»",
		"Password: «Mango88Splash»",
		"Password:«Mango88Splash»",
		"password: «tr0ub4dor&3»",
		"Password for user bob: «Mango88Splash»",
		"bob@db.example's password: «Mango88Splash»",
		"bob@10.0.0.7's password: «letmein»",
		"(bob@db.example) Password: «Mango88Splash»",
		"Enter passphrase for key '/home/ann/.ssh/id': «Willow52Peak»",
		"Enter passphrase for /home/ann/.ssh/id_ed25519: «correct horse battery staple»",
		"Enter passphrase (empty for no passphrase): «Willow52Peak»",
		"Enter same passphrase again: «Willow52Peak»",
		"Enter passphrase: «willow peak nine rivers»",
		"Passphrase: «Willow52Peak»",
		"Repeat passphrase: «Willow52Peak»",
		"Password for 'https://bob@git.example': «Mango88Splash»",
		"Password for bob@EXAMPLE.ORG: «Mango88Splash»",
		"New password: «Mango88Splash»",
		"Retype new password: «Mango88Splash»",
		"(current) UNIX password: «Mango88Splash»",
		"Current password: «Mango88Splash»",
		"Enter new UNIX password: «Mango88Splash»",
		"Old SMB password: «Mango88Splash»",
		"New SMB password: «Mango88Splash»",
		"Enter password: «Mango88Splash»",
		"Enter password for keystore: «changeit7»",
		"Enter keystore password:  «changeit7»",
		"Enter Export Password: «Mango88Splash»",
		"Verifying - Enter Export Password: «Mango88Splash»",
		"Enter PEM pass phrase: «Willow52Peak»",
		"Enter pass phrase for server.key: «Willow52Peak»",
		"enter aes-256-cbc encryption password: «Mango88Splash»",
		"Enter root's password: «Mango88Splash»",
		"Vault password: «Mango88Splash»",
		"New Vault password (default): «Mango88Splash»",
		"BECOME password: «Mango88Splash»",
		"SSH password: «Mango88Splash»",
		"Token (will be hidden): «hvX7k29vBnM4qL7wE1rT5yU8»",
		"Unseal Key (will be hidden): «mGq7wE1rT5yU8iO3pA6sD0fG2hJ4kL9zX9vB2nM4qL8=»",
		"Enter your token: «Xk29vBnM4qL7wE1r»",
		"? Paste your authentication token: «Xk29vBnM4qL7wE1rT5yU8iO3»",
		"Enter API key: «Xk29vBnM4qL7wE1rT5yU8iO3»",
		"API Key: «Xk29vBnM4qL7wE1rT5yU8iO3»",
		"Client secret: «Xk29vBnM4qL7wE1rT5yU8iO3»",
		"Personal access token: «Xk29vBnM4qL7wE1rT5yU8iO3»",
		"Enter PIN: «4711»",
		"Enter PIN for 'YubiKey PIV': «471100»",
		"PIN: «471193»",
		"Enter OTP: «481516»",
		"Enter MFA code for arn:aws:iam::123:mfa/bob: «481516»",
		"Enter the 6-digit code: «481516»",
		"Verification code: «481516»",
		"One-time password (OATH) for `bob': «481516»",
		"Two-factor authentication code: «481516»",
		"Enter one-time password: «481516»",
		"Passwort: «Mango88Splash»",
		"Passwort für bob: «Mango88Splash»",
		"[sudo] Passwort für bob: «Mango88Splash»",
		"Neues Kennwort: «Mango88Splash»",
		"Mot de passe : «Mango88Splash»",
		"[sudo] Mot de passe de bob : «Mango88Splash»",
		"Entrez le mot de passe : «Mango88Splash»",
		"Contraseña: «Mango88Splash»",
		"[sudo] contraseña para bob: «Mango88Splash»",
		"Senha: «Mango88Splash»",
		"[sudo] senha para bob: «Mango88Splash»",
		"Digite a palavra-passe: «Mango88Splash»",
		"Inserisci la password: «Mango88Splash»",
		"Password di bob: «marigold»",
		"Wachtwoord: «Mango88Splash»",
		"[sudo] wachtwoord voor bob: «Mango88Splash»",
		"Lösenord: «Mango88Splash»",
		"Adgangskode: «Mango88Splash»",
		"Salasana: «Mango88Splash»",
		"Hasło: «Mango88Splash»",
		"Heslo: «Mango88Splash»",
		"Jelszó: «Mango88Splash»",
		"Şifre: «Mango88Splash»",
		"Пароль: «Mango88Splash»",
		"[sudo] пароль для bob: «Mango88Splash»",
		"Введите пароль: «Mango88Splash»",
		"パスワード: «Mango88Splash»",
		"[sudo] bob のパスワード: «Mango88Splash»",
		"密码：«Mango88Splash»",
		"[sudo] bob 的密码： «Mango88Splash»",
		"請輸入密碼: «Mango88Splash»",
		"암호: «Mango88Splash»",
		"[sudo] bob의 암호: «Mango88Splash»",
		"Mật khẩu: «Mango88Splash»",
		"Enter a secret phrase: «willow peak nine rivers»",
	}},
	{"option", []string{
		"docker login -u ann -p «Mango88Splash» registry.local",
		"docker login -u ann -p«Mango88Splash» registry.local",
		"docker login -p «Mango88Splash» -u ann",
		"docker login -p '«Mango 88; Splash»' -u ann",
		"podman login -u ann -p «Mango88Splash» quay.io",
		"helm registry login -u ann -p \"«Mango 88 Splash»\" reg.local",
		"oc login -u ann -p «Mango88Splash» https://api.local:6443",
		"az login -u ann@x.example -p «Mango88Splash»",
		"skopeo copy --src-creds ann:«Mango88Splash» docker://a docker://b",
		"mysql -u root -p«Mango88Splash» shop",
		"mysqldump -uroot -p'«Mango 88 Splash»' shop > d.sql",
		"/usr/bin/mariadb -p«Mango88Splash» -e 'select 1'",
		"sshpass -p «Mango88Splash» ssh bob@h",
		"sshpass -p'«Mango 88»' scp a b:",
		"sshpass -p«swordfish» ssh bob@h",
		"unzip -P «Mango88Splash» a.zip",
		"unzip -o -P '«Mango 88»' a.zip -d x",
		"unzip -oP «Mango88Splash» a.zip",
		"zip -P «Mango88Splash» a.zip f",
		"zip -r -P «swordfish» a.zip f",
		"7z x -p«Mango88Splash» a.7z",
		"7za a -p'«Mango 88»' -mhe a.7z f",
		"unrar x -p«Mango88Splash» a.rar",
		"rar a -hp«Mango88Splash» a.rar f",
		"openssl enc -aes-256-cbc -k «Mango88Splash» -in a",
		"openssl enc -d -aes-256-cbc -pbkdf2 -k '«Mango 88»' -in a",
		"openssl rsa -in k.pem -passin pass:«Mango88Splash» -out n.pem",
		"openssl pkcs12 -export -passout pass:«swordfish» -in a",
		"openssl passwd -6 «Mango88Splash»",
		"redis-cli -a «Heron42Flux» ping",
		"redis-cli -h db -a '«Heron 42»' ping",
		"redis-cli -u redis://:«Heron42Flux»@db:6379",
		"redis-cli --pass «Heron42Flux» ping",
		"redis-cli config set requirepass «Heron42Flux»",
		"ldapsearch -x -D cn=admin,dc=x -w «Heron42Flux» -b dc=x",
		"ldapmodify -x -D cn=admin -w«Heron42Flux» -f a.ldif",
		"ldappasswd -x -D cn=admin -w «Heron42Flux» -s «Crane77Moss» uid=bob",
		"mongo -u root -p «Heron42Flux» --authenticationDatabase admin",
		"mongosh -u root -p '«Heron 42»' db",
		"mongodump -p«Heron42Flux» -u root",
		"curl -u «admin:Heron42Flux» http://h/x",
		"curl -sS --user «'admin:Heron 42'» http://h/x",
		"curl --user=«admin:Heron42Flux» http://h/x",
		"curl -H 'X-Api-Key: «Heron42FluxCrane77Moss»' http://h/x",
		"curl -H \"Authorization: Bearer «Heron42FluxCrane77Moss»\" http://h/x",
		"curl -b 'session=«Heron42FluxCrane77Moss»' http://h/x",
		"curl --cookie 'sessionid=«Heron42FluxCrane77Moss»; theme=dark' http://h/x",
		"curl --cert c.pem:«Heron42Flux» https://h/x",
		"wget --user=bob --password=«Heron42Flux» http://h/x",
		"wget --http-password='«Heron 42»' http://h/x",
		"http -a admin:«Heron42Flux» GET h/x",
		"https --auth=«admin:Heron42Flux» h/x",
		"smbclient //srv/share -U bob%«Heron42Flux»",
		"smbclient -U 'EX/bob%«Heron 42»' //srv/share",
		"rpcclient -U bob%«Heron42Flux» srv",
		"mount -t cifs //srv/s /mnt -o username=bob,password=«Heron42Flux»,uid=1",
		"lftp -u bob,«Heron42Flux» ftp.local",
		"htpasswd -b .htpasswd bob «Heron42Flux»",
		"htpasswd -cbB .htpasswd bob '«Heron 42»'",
		"htpasswd -nb bob «Heron42Flux»",
		"mosquitto_sub -u bob -P «Heron42Flux» -t x",
		"rabbitmqctl add_user bob «Heron42Flux»",
		"vault login «hvs.CAESIJ1a2b3c4d5e6f7g8h9i0jKLMNOPQRSTUVWXYZabcd»",
		"vault login token=«Heron42FluxCrane»",
		"vault operator unseal «mGq7wE1rT5yU8iO3pA6sD0fG2hJ4kL9zX9vB2nM4qL8=»",
		"vault kv put secret/db user=«bob17x» pass='«Heron 42»'",
		"kubectl create secret generic db --from-literal=pw=«Heron42Flux»",
		"kubectl create secret generic db --from-literal=anything='«Heron 42»' -n x",
		"kubectl create secret docker-registry r --docker-password=«Heron42Flux»",
		"gh secret set DEPLOY -b «Heron42Flux»",
		"heroku config:set MAIL=«Heron42Flux»",
		"aws configure set aws_secret_access_key «kX9vB2nM4qL7wE1rT5yU8iO3pA6sD0fG2hJ4kL9z»",
		"aws ssm put-parameter --name x --type SecureString --value «Heron42Flux»",
		"npm config set //registry.local/:_authToken «Heron42FluxCrane77Moss»",
		"nmcli dev wifi connect Home password «Heron42Flux»",
		"nmcli con modify Home wifi-sec.psk '«Heron 42»'",
		"wpa_passphrase Home «Heron42Flux»",
		"ssh-keygen -t ed25519 -N '«Heron 42»' -f k",
		"keytool -list -keystore k.jks -storepass «changeit7»",
		"plink -pw «Heron42Flux» bob@h",
		"xfreerdp /u:bob /p:«Heron42Flux» /v:h",
		"psql postgres://bob:«Heron42Flux»@db/x",
		"psql 'host=db user=bob password=«Heron42Flux»'",
		"mysqladmin -u root -p«Heron42Flux» password «Crane77Moss»",
		"sqlplus scott/«Heron42Flux»@orcl",
		"beeline -u jdbc:hive2://h -n bob -p «Heron42Flux»",
		"tool --password «Heron42Flux» run",
		"tool --api-key='«Heron 42 Flux»' run",
		"terraform apply -var 'db_password=«Heron 42»'",
		"docker build --build-arg NPM_TOKEN=«Heron42Flux» .",
		"docker build --build-arg \"DB_PASSWORD=«Heron 42;x»\" .",
		"docker run -e MYSQL_ROOT_PASSWORD=«swordfish» mysql",
		"sudo docker login -u ann -p «Mango88Splash»",
		"true && redis-cli -a «Heron42Flux» ping | cat",
		"sh -c 'redis-cli -a «Heron42Flux» ping'",
	}},
	{"stdin", []string{
		"echo «Mango77Splash» | docker login -u ann --password-stdin",
		"echo '«Mango 77»' | docker login -u ann --password-stdin",
		"printf %s «Mango77Splash» | podman login --password-stdin -u x r",
		"printf '«Mango77Splash»\\n' | sudo -S id",
		"echo «Mango77Splash» | sudo -S id",
		"echo \"«swordfish»\" | sudo -kS apt update",
		"echo -n '«Mango 77»' | sudo -u bob -S id",
		"echo -e \"«Mango77Splash»\\n«Mango77Splash»\" | passwd bob",
		"echo «Mango77Splash» | passwd --stdin bob",
		"echo bob:«Mango77Splash» | chpasswd",
		"echo 'bob:«Mango 77»' | sudo chpasswd",
		"(echo «Mango77Splash»; echo «Mango77Splash») | smbpasswd -s -a bob",
		"echo «Mango77Splash» | gpg --batch --passphrase-fd 0 -c f",
		"echo «Mango77Splash» | kinit bob",
		"echo «Mango77Splash» | cryptsetup open /dev/sdb1 x",
		"echo «Mango77SplashCrane» | gh auth login --with-token",
		"echo «Mango77SplashCrane» | vault login -",
		"sudo -S id <<< '«Mango 77»'",
		"docker login -u ann --password-stdin <<< «Mango77Splash»",
		"chpasswd <<< 'bob:«Mango 77»'",
		"cat <<< '«Mango 77»' | sudo -S id",
		"yes «Mango77Splash» | passwd bob",
	}},
	{"sql", []string{
		"CREATE USER 'bob'@'%' IDENTIFIED BY '«Heron 42''Flux»';",
		"mysql> CREATE USER bob IDENTIFIED BY '«swordfish»';",
		"GRANT ALL ON x.* TO 'bob'@'%' IDENTIFIED BY '«Heron42Flux»';",
		"ALTER USER bob IDENTIFIED WITH mysql_native_password BY '«Heron42Flux»';",
		"SQL> ALTER USER scott IDENTIFIED BY «Heron42Flux»;",
		"mysql -e \"ALTER USER 'root'@'localhost' IDENTIFIED BY '«Heron 42»'\"",
		"CREATE ROLE bob WITH LOGIN PASSWORD '«Heron42Flux»';",
		"postgres=# ALTER USER bob WITH PASSWORD '«swordfish»';",
		"ALTER ROLE bob WITH ENCRYPTED PASSWORD '«Heron 42»';",
		"ALTER USER bob PASSWORD '«Heron42Flux»' VALID UNTIL 'infinity';",
		"psql -c \"ALTER USER bob WITH PASSWORD '«Heron 42»'\" db",
		"SET PASSWORD FOR 'bob'@'%' = '«Heron42Flux»';",
		"SET PASSWORD FOR 'bob'@'%' = PASSWORD('«Heron42Flux»');",
		"CREATE LOGIN bob WITH PASSWORD = '«Heron 42»';",
		"db.auth('bob', '«Heron 42»')",
		"db.createUser({user: \"bob\", pwd: \"«Heron 42»\", roles: []})",
		"ftp> user bob «Heron42Flux»",
		"127.0.0.1:6379> AUTH «Heron42Flux»",
		"127.0.0.1:6379> ACL SETUSER app on >«Heron42Flux» ~* +@all",
		"SQL> connect app/«Heron42Flux»@pdb1",
		"ALTER USER bob WITH PASSWORD '«%Heron42=Flux»';",
	}},
	{"wifi", []string{
		"    psk=\"«my home wifi»\"",
		"psk=«swordfish»",
		"\tpsk=«5f4dcc3b5aa765d61d8327deb882cf995f4dcc3b5aa765d61d8327deb882cf99»",
		"wpa_passphrase=«Heron42Flux»",
		"wpa-psk «Heron42Flux»",
		"wifi-sec.psk: «Heron42Flux»",
	}},
	{"cookie", []string{
		"Cookie: sessionid=«a8f5f167f44f4964e6c998dee827110c»; theme=dark",
		"> Cookie: JSESSIONID=«0A1B2C3D4E5F60718293A4B5C6D7E8F9»",
		"< Set-Cookie: sid=«s3AbCdEfGh1234567890»; Path=/; HttpOnly",
		"set-cookie: auth_token=«Heron42FluxCrane77Moss»; expires=Wed, 21 Oct 2026 07:28:00 GMT",
		"curl -H 'Cookie: PHPSESSID=«q2w3e4r5t6y7u8i9o0p1»' http://h/x",
	}},
	{"kubernetes", []string{
		"    client-key-data: «LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlFb3dJQkFBS0NBUUVB»",
		"    token: «eyHeron42FluxCrane77Moss.Heron42FluxCrane77»",
		"  password: «UGViYmxlNjRXYXZl»",
		"  DB_PASSWORD: «UGViYmxlNjRXYXZl»",
	}},
	{"file", []string{
		"machine git.example login bob password «Heron42Flux»",
		"db.example:5432:shop:bob:«Heron42Flux»",
		"*:*:*:bob:«Heron42Flux»",
		"db.example:5432:*:bob:«Heron 42»",
		"//registry.npmjs.org/:_authToken=«Heron42FluxCrane77Moss»",
		"//registry.local/:_password=\"«SGVyb240MkZsdXg=»\"",
		"_auth=«Ym9iOkhlcm9uNDJGbHV4»",
		"      \"auth\": \"«Ym9iOkhlcm9uNDJGbHV4»\"",
		"https://bob:«Heron42Flux»@git.example",
		"password=«Heron42Flux»",
		"requirepass «Heron42Flux»",
		"masterauth «Heron42Flux»",
		"bindpw «Heron42Flux»",
		"rootpw «Heron42Flux»",
		"spring.datasource.password=«Heron42Flux»",
		"password        «Heron42Flux»",
		"enable secret 5 «$1$mERr$hx5rVt7rPNoS4wqbXKX7m0»",
		" username bob password 7 «0822455D0A16»",
		"root:«$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2»:19000:0:99999:7:::",
		"bob:«$apr1$x8kQ0Tz1$Kq3Z0vN8mW7yJ5hR2tL4p0»",
		"age secret: «AGE-SECRET-KEY-1QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHCE»",
	}},
	{"connection", []string{
		"DATABASE_URL=postgres://bob:«Heron42Flux»@db:5432/x",
		"mongodb+srv://bob:«Heron42Flux»@c0.example/x?w=majority",
		"redis://:«Heron42Flux»@cache:6379/0",
		"rediss://default:«Heron42Flux»@cache:6379",
		"amqp://bob:«Heron42Flux»@mq:5672/vh",
		"amqps://bob:«Heron42Flux»@mq/vh",
		"jdbc:postgresql://db/x?user=bob&password=«Heron42Flux»",
		"jdbc:sqlserver://db;user=bob;password=«Heron42Flux»;encrypt=true",
		"jdbc:oracle:thin:bob/«Heron42Flux»@db:1521/x",
		"Server=db;Uid=sa;Pwd=«Heron 42»;Database=x",
		"Db=Server=h;User Id=sa;Password=«Heron 42»;",
		"Data Source=db;User ID=sa;Password=«Heron42Flux»;",
		"DefaultEndpointsProtocol=https;AccountName=x;AccountKey=«kX9vB2nM4qL7wE1rT5yU8iO3pA6sD0fG2hJ4kL9zX9vB2nM4qL7wE1rT5yU8iO3pA6sD0fG2hJ4kL9zX9vB2w==»;EndpointSuffix=core.windows.net",
		"Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=«kX9vB2nM4qL7wE1rT5yU8iO3pA6sD0fG2hJ4kL9zXvE=»",
		"https://x.blob.core.windows.net/c?sv=2022&sig=«kX9vB2nM4qL7wE1rT5yU8iO3pA6sD0fG2hJ4kL9zXvE%3D»&se=2026",
		"smtp://bob:«Heron42Flux»@mail:587",
	}},
	{"assignment", []string{
		"export API_TOKEN=«Heron42Flux»",
		"API_TOKEN='«Heron 42»' ./run",
		"readonly DB_PASSWORD=\"«Heron 42»\"",
		"local db_password='«Heron 42»'",
		"typeset -x DB_PASSWORD='«Heron»'«\\'»'«42»'",
		"declare -rx DB_PASSWORD='«a b»'\"«c;d»\"",
		"set -x DB_PASSWORD '«Heron 42»'",
		"set -gx API_TOKEN «Heron42Flux»",
		"set -Ux db_password \"«Heron 42»\"",
		"$env.API_TOKEN = '«Heron 42»'",
		"$env.DB_PASSWORD = \"«Heron 42»\"",
		"with-env {DB_PASSWORD: \"«Heron 42»\"} { run }",
		"let db_password = '«Heron 42»'",
		"setenv API_TOKEN '«Heron 42»'",
		"DB_PASSWORDS=('«Heron 42»' \"«b c»\" «Crane77»)",
		"declare -a API_TOKENS=(«Heron42» «Crane77»)",
		"printf -v DB_PASSWORD '«Heron 42»'",
		"read -r API_TOKEN <<< '«Heron 42»'",
		": ${DB_PASSWORD:=«Heron42»}",
		"env -i DB_PASSWORD='«Heron 42»' PATH=/bin run",
		"+ export 'DB_PASSWORD=«Heron 42»'",
		"docker run --env 'X_SECRET=«a b»' img",
		"docker run --env \"X_SECRET=«a;b»\" img",
		"docker compose run -e X_SECRET='«a b»' web",
	}},
	{"header", []string{
		"> Authorization: Basic «YWRtaW46UGE1NXcwcmRCYXNpY1pa»",
		"> Authorization: Bearer «Heron42FluxCrane77Moss»",
		"Proxy-Authorization: Basic «YWRtaW46UGE1NXcwcmRCYXNpY1pa»",
		"X-Auth-Token: «Heron42FluxCrane77Moss»",
		"X-Vault-Token: «Heron42FluxCrane77Moss»",
		"PRIVATE-TOKEN: «Heron42FluxCrane77Moss»",
		"api-key: «Heron42FluxCrane77Moss»",
		"jwt «eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4ifQ.dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW1gFWFOEjXkA»",
	}},
}

// marked is a line with the secrets between « and ».
func marked(text string) (plain string, secrets []string, want string) {
	var p, w strings.Builder
	for i, part := range strings.FieldsFunc(" "+text, func(r rune) bool { return r == '«' || r == '»' }) {
		if i == 0 {
			part = part[1:]
		}
		p.WriteString(part)
		if i%2 == 1 {
			secrets = append(secrets, part)
			part = string(appendStars(nil, []byte(part)))
		}
		w.WriteString(part)
	}
	return p.String(), secrets, w.String()
}

// Each form is replaced, and nothing else in its line: printed, typed at a prompt of
// a shell, and in a narrow window that wraps it.
func TestForms(t *testing.T) {
	r := mustNew(t, Options{})
	n := 0
	for _, form := range forms {
		if len(form.lines) < 3 {
			t.Errorf("%s has %d forms; want at least 3", form.kind, len(form.lines))
		}
		for i, text := range form.lines {
			n++
			plain, secrets, want := marked(text)
			if len(secrets) == 0 {
				t.Fatalf("%q has no secret", text)
			}
			out, _ := redacted(t, r, newTape(300, 5).add(format.Output, plain+"\r\n"))
			if got := strings.TrimSuffix(out.stream(format.Output), "\r\n"); got != want {
				t.Errorf("%s: printed,\n%s\nbecame\n%s\nwant\n%s", form.kind, plain, got, want)
				continue
			}
			prompt := []string{"bob@web:~$ ", "$ ", "❯ ", "root@web:/srv# ", "[bob@web src]$ ", "% ", "+ "}[i%7]
			switch form.kind {
			case "option", "stdin", "assignment":
			default:
				prompt = ""
			}
			for _, cols := range []int{300, 41, 23} {
				in := newTape(cols, 12)
				in.add(format.Output, "$ ls\r\nMakefile  README\r\n"+prompt)
				for _, c := range plain {
					in.add(format.Output, string(c))
				}
				in.add(format.Output, "\r\nok then\r\n$ ")
				out, report := redacted(t, r, in)
				var cells []string
				for _, secret := range secrets {
					cells = append(cells, secret)
					if where := leak(out, min(4, len(secret)), secret); where != "" {
						t.Errorf("%s: typed in %d columns,\n%s\nhas %q in %s", form.kind, cols, plain, secret, where)
					}
				}
				if report.Secrets == 0 {
					t.Errorf("%s: typed in %d columns,\n%s\nis not found", form.kind, cols, plain)
				}
				if cols == 300 {
					sameBut(t, in, out, cells...)
				}
			}
		}
	}
	if n < 200 {
		t.Errorf("%d forms; want 200", n)
	}
	t.Logf("%d forms", n)
}

// cleanLines resemble secrets, and stay.
var cleanLines = []string{
	// Source code.
	"    password: Optional[str] = None,", "    passphrase: Optional[PassphraseCallableT],", "    password: typing.Optional[bytes],", "\t\tPrivateKey:  testP256PrivateKey,",
	"\t\tprivateKey: bytes.Clone(key),", "\t\tCredential: &syscall.Credential{", "\t\tPrivateKey: key.Bytes(),", "privKey.PrivateKey = MarshalPKCS1PrivateKey(k)",
	"credentials = standard_b64encode(credentials).decode('ascii')", "encoded_auth = b64encode(", `"GenerateKeyInternal768": "GenerateKeyInternal1024",`, `"encryptionKey": "encryptionKey1024",`,
	"IMAGE_REL_AMD64_TOKEN            = 0x000D", "SIOCSLIFTOKEN                 = -0x7f879679", "Setsecret_cnt             uint64", `const masterSecretLabel = "master secret 1"`,
	"tokenProvider: newTokenProviderSimple_etcd7492(),", "authorization = self.headers.get(\"authorization\")", "authorization = authorization.split()", "credentials = '{0}:{1}'.format(user, passwd)",
	`HEX_PAT = "[0-9A-Fa-f]{1,4}"`, "Token:              '#000080',", "#password_encryption = scram-sha-256", "rootpw            If set, sudo will prompt for the root password",
	"  --username and --password options instead of via the URL.", "account:password:UID:GID:GECOS:directory:shell", "<password>Password</password>", `<string name="password">Password</string>`,
	`<input type="password" name="password" value="Sign in">`, `{"name": "TOKEN_COUNT", "value": "Heron42"}`, "The password is required", "The token is base64url", "The secret is at /run/secrets/x1",
	"the password was changed to comply with policy 42", "PASS src/login1.test.js", "PASS TestLogin1", "net use x1", "net user", "net user bob", "net user bob /active:yes", "smbclient -L web1 -U bob",
	"smbclient //web1/share1 -U bob", "mkpasswd -m sha-512", "snmpwalk -v2c -c public 192.0.2.7", "hydra -l bob -P words1.txt ssh://web1", "bw unlock --passwordenv BW_PASS1", "wpa-psk <key>",
	"enable secret PASSWORD", "password required pam_unix.so sha512", "spawn ssh bob@web1; send \"uname1234 -a\\r\"", "dotnet user-secrets list", "secretsdump.py corp/bob@192.0.2.7:445",
	`password := make([]byte, 16)`, "const secret = process.env.JWT_SECRET1!;", "  secret = var.secret42", "password = data.aws_secretsmanager_secret.db1.id", "password=%s1", "SET PASSWORD=%PW1%", `private static final String PASSWORD_KEY = "user.password1";`,
	`SERVER_AUTH = '1.3.6.1.5.5.7.3.1'`, `t.Run("password", "short1")`, "PUBLIC_KEY=wb3wkh5dnsipzz5fk2z9", "CACHE_KEY=go-linux-1", "SSH_KEY=/home/bob/.ssh/id_ed25519", `"k": "v1", "d": "e1"`, "TOKEN = '%s:%s1'",
	// Manuals and examples.
	"git clone https://user:password@example.org/x1.git", "scheme://[user:passwd@]proxy.server:port1", "export SECRET_KEY=replace-me", "DB_PASSWORD=changeme", "REDIS_PASSWORD=your_password_here1", "DB_PASSWORD=put_the_password_here", "STRIPE_KEY=sk_test_xxxxxxxxxxxxxxxxxxxxxxxx",
	"  -K, --list-secret-keys             list secret keys1", " -password val       Set the password source1", "  -W, --password           force password prompt", "    --change-passphrase user-id", "  --secret NAME=PATH      secret to expose1", "--token TOKEN       API token [env: MYTOOL_TOKEN=]",
	"openssl passwd [-6] [-salt string] [-in file1]", "Key fingerprint = 0D69E11F12BDBA077B3726AB4E1F799AA4FF2279", "    client-key-data: DATA+OMITTED", "expect_autopasswd\t\t    py3versions", "| password | sha256 |", "| token | The token of user42 |",
	`'pass': 'The "pass" statement\n'`, `"password": "The password field is required",`, `'user_addr_t', 'DES_key_schedule', 'RIPEMD160_CTX',`,
	"AUTH      RFC 2554", `want.SetBasicAuth("user", "pass")`, "must give -key or -secret option", "username and password are kept for 30 days", `db.create_user("ann42", "a@b42.example")`, "https://x.example/?code=42&state=abcdefgh12345678",
	`  ~ password_length = "12" -> "16"`, "network.lan.ipaddr='192.0.2.1'", "robot1234567: ready", `complete -c ngrok -f -a authtoken -d "The token to save in the file"`,
	// Options of other programs.
	"ls -a -p -w /tmp/Heron42", "cp -p Heron42Flux /tmp/x1", "grep -w Heron42Flux *.txt", "mkdir -p a1/b2c3d4", "ssh -p 2222 bob@h", "docker run -p 8080:80 nginx1",
	"docker ps -a", "docker run -u bob:staff42 img", "rsync -a -u Heron42:/x1 .", "tar -P -xf a1.tar", "ps -u bob42 -p 1234", "nmap -p 80,443 h1", "curl -b jar.txt http://h/x",
	"curl -X POST -d a=b1 http://h/x", "mysql -u root -p shop42", "mysql -u root -P 3306 -h db1", "openssl x509 -in a1.pem -noout", "openssl rand -hex 16", "redis-cli -h db1 -p 6379 ping",
	"ldapsearch -x -W -D cn=admin42", "unzip -l a1.zip", "zip -r a1.zip dir2", "7z x a1.7z -oOut42", "git commit -p", "http GET h1/x", "az login", "docker login -u ann42 registry.local",
	"docker login", "docker login -u ann --password-stdin", "redis-cli -a $PASS ping", "redis-cli -a \"$(cat f1)\" ping", "sshpass -e ssh bob@h1", "sshpass -f pw.txt ssh bob@h1", "sudo -S id < pw1.txt",
	"echo hello42 | sudo tee /etc/x1", "echo Heron42 | base64", "echo Heron42Flux | grep -w Heron42", "cat pw1.txt | docker login --password-stdin", "echo \"$PW\" | sudo -S id", "htpasswd -c .htpasswd bob42",
	"vault login", "vault login -method=userpass username=bob42", "vault kv get secret/db1", "kubectl get secret db-1 -o yaml", "kubectl create secret generic db1 --from-file=a1.txt", "gh secret list", "zip -h",
	"ssh-keygen -t ed25519 -f id_42", "ssh-keygen -N '' -f id_42", "keytool -list -keystore k42.jks", "wpa_passphrase Home42", "usermod -aG docker bob42", "ldapwhoami -x -H ldap://h1", "net use", "lftp -u bob42 h1",
	"Use docker login -p to pass it", "The option -p of mysql takes a password",
	// Prompts without an answer, and messages.
	"Password: ", "Password for bob: ", "[sudo] password for bob: ", "Enter passphrase for key '/home/ann/.ssh/id42': ", "Password: incorrect", "Password: ********", "Sorry, try again.", "sudo: a password is required",
	"Password: changed", "passwd: password updated successfully", "Password strength: strong", "Password must have 8 characters: a1", "Enter a password of 12 characters or more: ", "Login incorrect", "Token: expired",
	"token type: bearer", "Secret name: db-password-1", "Key ID: ABCD1234", "Key fingerprint: SHA256 AB12cd", "Password hint: the dog's name in 2019", "Password expires: Jan 01, 2027", "PIN attempts remaining: 3", "PIN count: 40",
	"pin 13: output", "GPIO Pin: 13", "Error code: 12345", "exit code: 127", "Status code: 404", "Tokens: 12345", "tokens used: 4096", "Total tokens: 98765", "Secrets: 12", "Passwords: 4", "HTTP code: 200", "zip code: 90210",
	"Public key: age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p", "Password: none", "Password: <none>", "Password: (hidden)", "Password: required", "Passwort: falsch", "Mot de passe : ", "Password authentication: enabled",
	"password: see the wiki page 42", "Last password change: Nov 12, 2025", "Password file: /etc/pw42", "Mot de passe oublié ? Voir page 42", "Password Manager: KeePass 2", "API key: not set", "Secret: Opaque", "Enter your API key: ",
	"Enter your name: Bob42", "Username: bob42", "Login: bob42", "User: bob42", "Passed: 42", "pass: 42 ok", "Compass: N42E", "Passing: 12/12", "Key: Value42", "monkey: banana42", "turkey: Ankara06", "Keyboard: de-latin1", "Press any key: x1",
	"ok 12 - password: rejects short ones", "--- PASS: TestPassword1 (0.00s)", "    password: string", "password: String?", "const token: Token = next1()", "def token(self): return 1", "Type the password below: then press Enter",
	"Token address: 0x1234abcd", "clave primaria: id42", "Senha incorreta: tente2", "Primary key: id42",
	// Databases, cookies and files.
	"auth    required   pam_env1.so", "kpasswd  464/tcp", "setenv PATH /usr/bin:/opt/x1", "auth sufficient pam_rootok2.so", "user name 'me' and password 'secret' could look", "Same as --pass but used for proxies1",
	"GRANT ALL ON x42.* TO 'bob'@'%';", "SELECT password FROM users42;", "ALTER USER bob42 PASSWORD EXPIRE;", "password 'x' is too short", "IDENTIFIED BY PASSWORD", "identified by its name42", "DROP USER 'bob42'@'%';",
	"Cookie: theme=dark; lang=en", "Set-Cookie: theme=dark; Path=/; Max-Age=3600", "cookie: no", "main.go:12:5:undefined", "a.c:1234:error: x1", "x86_64-linux:5432:a", "12:34:56:78:9a", "2026-11-30T12:00:01:x", "data:",
	"  name: web42", "  image: nginx:1.25", "key_mgmt=WPA-PSK", "    certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2kL9zX9vB2nM4qL7wE1rT5yU8iO3pA6sD0fG2hJ4k bob@h1",
	"PWD=/home/bob42;", "cd $OLDPWD; x=1;", "password.go:42: x", "secret.txt  4096", "passwords.csv   1234x", "token.go  |  12 ++--", "auth.log.1   2026", "secret-agent-42   Running", "machine learning with password 4",
	"go: downloading github.com/x/token v1.2.3", "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "$1 $2a $6", "costs $6$ and $1$", "author: Bob42", "auth: none", "oauth: true", "auth=1", "PATH=/usr/bin:/bin1",
}

func TestCleanLines(t *testing.T) {
	r := mustNew(t, Options{})
	if len(cleanLines) < 150 {
		t.Errorf("%d lines; want 150", len(cleanLines))
	}
	for i, text := range cleanLines {
		prompt := []string{"", "$ ", "bob@web1:~$ "}[i%3]
		if strings.Contains(text, ": ") {
			prompt = ""
		}
		in := newTape(160, 5).add(format.Output, prompt+text+"\r\n$ ")
		out, report := redacted(t, r, in)
		if got, want := out.stream(format.Output), in.stream(format.Output); got != want {
			t.Errorf("%q became %q: %+v", want, got, report.Findings)
		}
	}
	// All of them in one recording, split at random.
	rng := rand.New(rand.NewPCG(8, 8))
	in := newTape(100, 24).add(format.Output, strings.Join(cleanLines, "\r\n")+"\r\n").split(rng)
	if _, report := redacted(t, r, in); report.Secrets > 0 {
		t.Errorf("together: %s", fmt.Sprintf("%+v", report.Findings))
	}
}
