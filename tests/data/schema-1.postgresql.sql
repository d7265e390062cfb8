CREATE TABLE public.alarms (
    id bigint NOT NULL,
    door_id bigint NOT NULL,
    kind character varying(32) NOT NULL,
    subject text NOT NULL,
    count bigint NOT NULL,
    first_at bigint NOT NULL,
    last_at bigint NOT NULL,
    seen_at bigint
);
CREATE SEQUENCE public.alarms_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.alarms_id_seq OWNED BY public.alarms.id;
CREATE TABLE public.changes (
    revision bigint NOT NULL,
    member character varying(6) NOT NULL,
    record text NOT NULL,
    digest character varying(64) NOT NULL,
    at bigint NOT NULL,
    why character varying(32) NOT NULL
);
CREATE TABLE public.commands (
    id character varying(32) NOT NULL,
    door_id bigint NOT NULL,
    verb character varying(32) NOT NULL,
    args text NOT NULL,
    asked_at bigint NOT NULL,
    n bigint,
    not_after bigint,
    done_at bigint,
    error character varying(32)
);
CREATE TABLE public.doors (
    id bigint NOT NULL,
    name character varying(32) NOT NULL,
    key bytea NOT NULL,
    mqtt_password bytea NOT NULL,
    api_token character varying(64),
    command_n bigint NOT NULL,
    added_at bigint NOT NULL,
    enrolled_at bigint,
    asked_at bigint,
    holds_revision bigint
);
CREATE SEQUENCE public.doors_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.doors_id_seq OWNED BY public.doors.id;
CREATE TABLE public.enrolment_tokens (
    hash character varying(64) NOT NULL,
    door_id bigint NOT NULL,
    expires_at bigint NOT NULL
);
CREATE TABLE public.forks (
    log_id bigint NOT NULL,
    seq bigint NOT NULL,
    hash character varying(64) NOT NULL,
    raw bytea NOT NULL,
    received_at bigint NOT NULL
);
CREATE TABLE public.gaps (
    log_id bigint NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    raw bytea NOT NULL,
    received_at bigint NOT NULL
);
CREATE TABLE public.head (
    id bigint NOT NULL,
    revision bigint NOT NULL,
    digest character varying(64) NOT NULL
);
CREATE TABLE public.latest (
    door_id bigint NOT NULL,
    topic character varying(32) NOT NULL,
    text text NOT NULL,
    at bigint NOT NULL
);
CREATE TABLE public.logs (
    id bigint NOT NULL,
    door_id bigint NOT NULL,
    name character varying(32) NOT NULL,
    through bigint NOT NULL,
    top bigint NOT NULL,
    ack bigint NOT NULL,
    ack_hash character varying(64) NOT NULL,
    heard_at bigint NOT NULL
);
CREATE SEQUENCE public.logs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.logs_id_seq OWNED BY public.logs.id;
CREATE TABLE public.members (
    number character varying(6) NOT NULL,
    kind character varying(32) NOT NULL,
    generation bigint NOT NULL,
    revoked_through bigint NOT NULL,
    card_pair bigint NOT NULL,
    suspended_until bigint,
    not_before bigint,
    not_after bigint,
    revision bigint NOT NULL,
    learnt boolean NOT NULL,
    added_at bigint NOT NULL
);
CREATE TABLE public.meta (
    name character varying(32) NOT NULL,
    value text NOT NULL
);
CREATE TABLE public.rows (
    log_id bigint NOT NULL,
    seq bigint NOT NULL,
    hash character varying(64) NOT NULL,
    prev character varying(64) NOT NULL,
    raw bytea NOT NULL,
    at bigint,
    type character varying(32),
    member character varying(6),
    flag character varying(32),
    received_at bigint NOT NULL
);
CREATE TABLE public.terms (
    id bigint NOT NULL,
    name character varying(32) NOT NULL,
    text text NOT NULL,
    at bigint NOT NULL
);
CREATE SEQUENCE public.terms_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.terms_id_seq OWNED BY public.terms.id;
ALTER TABLE ONLY public.alarms ALTER COLUMN id SET DEFAULT nextval('public.alarms_id_seq'::regclass);
ALTER TABLE ONLY public.doors ALTER COLUMN id SET DEFAULT nextval('public.doors_id_seq'::regclass);
ALTER TABLE ONLY public.logs ALTER COLUMN id SET DEFAULT nextval('public.logs_id_seq'::regclass);
ALTER TABLE ONLY public.terms ALTER COLUMN id SET DEFAULT nextval('public.terms_id_seq'::regclass);
INSERT INTO public.alarms VALUES (1, 1, 'fork', '0123456789abcdef', 1, 1795485611, 1795485611, NULL);
INSERT INTO public.alarms VALUES (2, 1, 'bad-hash', '', 1, 1795485611, 1795485611, NULL);
INSERT INTO public.changes VALUES (1, '0427', '{"card_pair":0,"generation":1,"kind":"phone","member":"0427","not_after":null,"not_before":null,"revision":1,"revoked_through":0,"suspended_until":null}', 'a23b1bf5f0c19e98961950d23621ed3af5f9ceb99e3786fd84bac21a09f9a0bb', 1795485600, 'added');
INSERT INTO public.changes VALUES (2, '1001', '{"card_pair":0,"generation":1,"kind":"staff","member":"1001","not_after":null,"not_before":null,"revision":2,"revoked_through":0,"suspended_until":null}', '08af0a2557dd71e3fa961efe04133e365101956ad472c2b16f62ab8cbfaf92d9', 1795485600, 'added');
INSERT INTO public.changes VALUES (3, '1001', '{"card_pair":0,"generation":1,"kind":"staff","member":"1001","not_after":null,"not_before":null,"revision":3,"revoked_through":4,"suspended_until":null}', 'c17c29720b6de0c6d27f231abfa19a02cdeff428b673632fc651c7c847e5071f', 1795485605, 'revoked');
INSERT INTO public.commands VALUES ('cfb78f3132877f74', 1, 'identify', '{}', 1795485600, NULL, NULL, NULL, NULL);
INSERT INTO public.doors VALUES (1, 'front', '\x6741414141414272425a47562d6673642d435f4c444e454159667a31434a79614f6d7351444a3653374e7a564841426450636438353547303877397231456d36436a56575a7831663536614f646e366968346746575f596d65764b4465386c78456f366e71347259336e6554626670494d566d63516c6c4f524736504f662d4b46756b61684e474b5a495651', '\x6741414141414272425a47565164624e55374b536c415f344f5f4e646970316572692d76487351783837746a6b414e6d36762d636c34526c653054396b50594c51775250596771636965437856484b5259707465447032377144414b37446e4156673d3d', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 7, 1795485600, 1795485600, NULL, NULL);
INSERT INTO public.forks VALUES (1, 4, '63f1d6dd21b24da6a92117c5814c0136b82bd09f0c0a1e50fa4066acf3ac2fac', '\x7b226c6f67223a2230313233343536373839616263646566222c22736571223a342c2270726576223a2230303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030222c226174223a313739353438353630302c22636c6f636b223a22736572766572222c2274797065223a2262656c6c222c226d656d626572223a6e756c6c2c22726561736f6e223a6e756c6c2c2264657461696c223a7b7d2c2268617368223a2236336631643664643231623234646136613932313137633538313463303133366238326264303966306330613165353066613430363661636633616332666163227d', 1795485611);
INSERT INTO public.head VALUES (1, 3, 'c17c29720b6de0c6d27f231abfa19a02cdeff428b673632fc651c7c847e5071f');
INSERT INTO public.logs VALUES (1, 1, '0123456789abcdef', 4, 4, 4, '4e8ee12fb06110ed08537f1c4c7d7dd7cc9c799d8123b1dbfb1b4e52683075d7', 1795485611);
INSERT INTO public.members VALUES ('0427', 'phone', 1, 0, 0, NULL, NULL, NULL, 1, false, 1795485600);
INSERT INTO public.members VALUES ('1001', 'staff', 1, 4, 0, NULL, NULL, NULL, 3, false, 1795485600);
INSERT INTO public.meta VALUES ('schema', '1');
INSERT INTO public.rows VALUES (1, 1, 'c037330ca44f1e98645154ca826c6566e4ca36dab99151461beb64f4ea882292', '0000000000000000000000000000000000000000000000000000000000000000', '\x7b226c6f67223a2230313233343536373839616263646566222c22736571223a312c2270726576223a2230303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030222c226174223a313739353438353630312c22636c6f636b223a22736572766572222c2274797065223a226c6f672d626567616e222c226d656d626572223a6e756c6c2c22726561736f6e223a6e756c6c2c2264657461696c223a7b2270726576696f7573223a6e756c6c2c22726561736f6e223a226e6577227d2c2268617368223a2263303337333330636134346631653938363435313534636138323663363536366534636133366461623939313531343631626562363466346561383832323932227d', 1795485601, 'log-began', NULL, NULL, 1795485610);
INSERT INTO public.rows VALUES (1, 2, '46a67324e2b74245af993c26ae67d75c22432878e47fe605963d766ea92f7e19', 'c037330ca44f1e98645154ca826c6566e4ca36dab99151461beb64f4ea882292', '\x7b226c6f67223a2230313233343536373839616263646566222c22736571223a322c2270726576223a2263303337333330636134346631653938363435313534636138323663363536366534636133366461623939313531343631626562363466346561383832323932222c226174223a313739353438353630322c22636c6f636b223a22736572766572222c2274797065223a226772616e746564222c226d656d626572223a2230343237222c22726561736f6e223a6e756c6c2c2264657461696c223a7b226b696e64223a2270686f6e65222c2267656e65726174696f6e223a312c2273746570223a31343936323338307d2c2268617368223a2234366136373332346532623734323435616639393363323661653637643735633232343332383738653437666536303539363364373636656139326637653139227d', 1795485602, 'granted', '0427', NULL, 1795485610);
INSERT INTO public.rows VALUES (1, 3, '1c3de136dd1deef262fd71611b8ad4cb3b591cd6f754c1630da2d333aeb4ff49', '46a67324e2b74245af993c26ae67d75c22432878e47fe605963d766ea92f7e19', '\x7b226c6f67223a2230313233343536373839616263646566222c22736571223a332c2270726576223a2234366136373332346532623734323435616639393363323661653637643735633232343332383738653437666536303539363364373636656139326637653139222c226174223a313739353438353630332c22636c6f636b223a22736572766572222c2274797065223a22656e7465726564222c226d656d626572223a6e756c6c2c22726561736f6e223a6e756c6c2c2264657461696c223a7b7d2c2268617368223a2231633364653133366464316465656632363266643731363131623861643463623362353931636436663735346331363330646132643333336165623466663439227d', 1795485603, 'entered', NULL, NULL, 1795485610);
INSERT INTO public.rows VALUES (1, 4, '4e8ee12fb06110ed08537f1c4c7d7dd7cc9c799d8123b1dbfb1b4e52683075d7', '1c3de136dd1deef262fd71611b8ad4cb3b591cd6f754c1630da2d333aeb4ff49', '\x7b226c6f67223a2230313233343536373839616263646566222c22736571223a342c2270726576223a2231633364653133366464316465656632363266643731363131623861643463623362353931636436663735346331363330646132643333336165623466663439222c226174223a313739353438353630342c22636c6f636b223a22736572766572222c2274797065223a2262656c6c222c226d656d626572223a6e756c6c2c22726561736f6e223a6e756c6c2c2264657461696c223a7b7d2c2268617368223a2234653865653132666230363131306564303835333766316334633764376464376363396337393964383132336231646266623162346535323638333037356437227d', 1795485604, 'bell', NULL, NULL, 1795485610);
INSERT INTO public.terms VALUES (1, 'rules', '{"capacity": 15}', 1795485600);
SELECT pg_catalog.setval('public.alarms_id_seq', 2, true);
SELECT pg_catalog.setval('public.doors_id_seq', 1, true);
SELECT pg_catalog.setval('public.logs_id_seq', 1, true);
SELECT pg_catalog.setval('public.terms_id_seq', 1, true);
ALTER TABLE ONLY public.alarms
    ADD CONSTRAINT alarms_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.changes
    ADD CONSTRAINT changes_pkey PRIMARY KEY (revision);
ALTER TABLE ONLY public.commands
    ADD CONSTRAINT commands_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.doors
    ADD CONSTRAINT doors_api_token_key UNIQUE (api_token);
ALTER TABLE ONLY public.doors
    ADD CONSTRAINT doors_name_key UNIQUE (name);
ALTER TABLE ONLY public.doors
    ADD CONSTRAINT doors_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.enrolment_tokens
    ADD CONSTRAINT enrolment_tokens_pkey PRIMARY KEY (hash);
ALTER TABLE ONLY public.forks
    ADD CONSTRAINT forks_pkey PRIMARY KEY (log_id, seq, hash);
ALTER TABLE ONLY public.gaps
    ADD CONSTRAINT gaps_pkey PRIMARY KEY (log_id, first, last);
ALTER TABLE ONLY public.head
    ADD CONSTRAINT head_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.latest
    ADD CONSTRAINT latest_pkey PRIMARY KEY (door_id, topic);
ALTER TABLE ONLY public.logs
    ADD CONSTRAINT logs_door_id_name_key UNIQUE (door_id, name);
ALTER TABLE ONLY public.logs
    ADD CONSTRAINT logs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.members
    ADD CONSTRAINT members_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.meta
    ADD CONSTRAINT meta_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.rows
    ADD CONSTRAINT rows_pkey PRIMARY KEY (log_id, seq);
ALTER TABLE ONLY public.terms
    ADD CONSTRAINT terms_pkey PRIMARY KEY (id);
CREATE INDEX ix_alarms_door_id ON public.alarms USING btree (door_id);
CREATE INDEX ix_changes_member ON public.changes USING btree (member);
CREATE INDEX ix_commands_door_id ON public.commands USING btree (door_id);
CREATE INDEX ix_members_revision ON public.members USING btree (revision);
CREATE INDEX ix_rows_member ON public.rows USING btree (member);
CREATE INDEX ix_rows_received_at ON public.rows USING btree (received_at);
CREATE INDEX ix_terms_name ON public.terms USING btree (name);
ALTER TABLE ONLY public.alarms
    ADD CONSTRAINT alarms_door_id_fkey FOREIGN KEY (door_id) REFERENCES public.doors(id);
ALTER TABLE ONLY public.commands
    ADD CONSTRAINT commands_door_id_fkey FOREIGN KEY (door_id) REFERENCES public.doors(id);
ALTER TABLE ONLY public.enrolment_tokens
    ADD CONSTRAINT enrolment_tokens_door_id_fkey FOREIGN KEY (door_id) REFERENCES public.doors(id);
ALTER TABLE ONLY public.forks
    ADD CONSTRAINT forks_log_id_fkey FOREIGN KEY (log_id) REFERENCES public.logs(id);
ALTER TABLE ONLY public.gaps
    ADD CONSTRAINT gaps_log_id_fkey FOREIGN KEY (log_id) REFERENCES public.logs(id);
ALTER TABLE ONLY public.latest
    ADD CONSTRAINT latest_door_id_fkey FOREIGN KEY (door_id) REFERENCES public.doors(id);
ALTER TABLE ONLY public.logs
    ADD CONSTRAINT logs_door_id_fkey FOREIGN KEY (door_id) REFERENCES public.doors(id);
ALTER TABLE ONLY public.rows
    ADD CONSTRAINT rows_log_id_fkey FOREIGN KEY (log_id) REFERENCES public.logs(id);
