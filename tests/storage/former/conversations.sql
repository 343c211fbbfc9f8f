BEGIN TRANSACTION;
CREATE TABLE absence (
	institution_id INTEGER NOT NULL, 
	"after" VARCHAR(6) NOT NULL, 
	again VARCHAR(6) NOT NULL, 
	CONSTRAINT pk_absence PRIMARY KEY (institution_id, "after"), 
	CONSTRAINT ck_absence_order CHECK (after < again), 
	CONSTRAINT fk_absence_institution_id FOREIGN KEY(institution_id) REFERENCES institution (id)
);
CREATE TABLE account (
	id INTEGER NOT NULL, 
	channel VARCHAR(16) NOT NULL, 
	bot VARCHAR(128) NOT NULL, 
	sender VARCHAR(128) NOT NULL, 
	person_id INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_account PRIMARY KEY (id), 
	CONSTRAINT fk_account_person_id FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT uq_account_channel_bot_sender UNIQUE (channel, bot, sender)
);
INSERT INTO "account" VALUES(1,'terminal','test','zhang',1,'2026-12-30 04:00:01.000000');
INSERT INTO "account" VALUES(2,'terminal','test','chen',2,'2026-12-30 04:00:01.000000');
INSERT INTO "account" VALUES(3,'terminal','test','wang',3,'2026-12-30 04:00:01.000000');
INSERT INTO "account" VALUES(4,'terminal','test','li',4,'2026-12-30 04:00:01.000000');
INSERT INTO "account" VALUES(5,'terminal','test','zhao',5,'2026-12-30 04:00:01.000000');
CREATE TABLE account_link (
	id INTEGER NOT NULL, 
	code_hash VARCHAR(64) NOT NULL, 
	person_id INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	used_at DATETIME, 
	CONSTRAINT pk_account_link PRIMARY KEY (id), 
	CONSTRAINT fk_account_link_person_id FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT uq_account_link_code_hash UNIQUE (code_hash)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
CREATE TABLE asker (
	id INTEGER NOT NULL, 
	question_id INTEGER NOT NULL, 
	account_id INTEGER NOT NULL, 
	turn_id INTEGER, 
	handed BOOLEAN NOT NULL, 
	CONSTRAINT pk_asker PRIMARY KEY (id), 
	CONSTRAINT fk_asker_account_id FOREIGN KEY(account_id) REFERENCES account (id), 
	CONSTRAINT fk_asker_question_id FOREIGN KEY(question_id) REFERENCES question (id), 
	CONSTRAINT fk_asker_turn_id FOREIGN KEY(turn_id) REFERENCES turn (id) ON DELETE SET NULL, 
	CONSTRAINT uq_asker_question_id_account_id UNIQUE (question_id, account_id)
);
CREATE TABLE "attachment" (
	revision_id INTEGER NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	media VARCHAR(8) NOT NULL, 
	size INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	person_id INTEGER NOT NULL, 
	CONSTRAINT pk_attachment PRIMARY KEY (revision_id, kind, hash), 
	CONSTRAINT fk_attachment_person_id FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT ck_attachment_size CHECK (size > 0), 
	CONSTRAINT fk_attachment_revision_id FOREIGN KEY(revision_id) REFERENCES revision (id), 
	CONSTRAINT ck_attachment_kind CHECK (kind IN ('measures', 'practice', 'problems', 'stamped', 'source'))
);
CREATE TABLE audit (
	id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	person_id INTEGER, 
	action VARCHAR(32) NOT NULL, 
	subject VARCHAR(64) NOT NULL, 
	detail JSON NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (id), 
	CONSTRAINT fk_audit_person_id FOREIGN KEY(person_id) REFERENCES person (id)
);
INSERT INTO "audit" VALUES(1,'2026-12-30 04:00:00.000000',NULL,'invite.create','invite:1','{"role":"head","institution":null}');
INSERT INTO "audit" VALUES(2,'2026-12-30 04:00:01.000000',1,'invite.use','invite:1','{"role":"head"}');
INSERT INTO "audit" VALUES(3,'2026-12-30 04:00:00.000000',NULL,'institution.create','institution:1','{"name":"威海第二培训学校"}');
INSERT INTO "audit" VALUES(4,'2026-12-30 04:00:00.000000',NULL,'invite.create','invite:2','{"role":"contact","institution":1}');
INSERT INTO "audit" VALUES(5,'2026-12-30 04:00:01.000000',2,'invite.use','invite:2','{"role":"contact"}');
INSERT INTO "audit" VALUES(6,'2026-12-30 04:00:05.000000',2,'draft.begin','revision:1','{"number":1,"reason":null}');
INSERT INTO "audit" VALUES(7,'2026-12-30 04:00:05.000000',2,'draft.set','revision:1','{"occupation":"区块链","cells":["amount","certified","classes","subsidised","subsidised_classes","trained"],"was":{}}');
INSERT INTO "audit" VALUES(8,'2026-12-30 04:00:07.000000',2,'report.submit','revision:1','{"receipt":"2026Q4-0001-01"}');
INSERT INTO "audit" VALUES(9,'2026-12-30 04:00:00.000000',NULL,'institution.create','institution:2','{"name":"威海数字培训学校"}');
INSERT INTO "audit" VALUES(10,'2026-12-30 04:00:00.000000',NULL,'invite.create','invite:3','{"role":"contact","institution":2}');
INSERT INTO "audit" VALUES(11,'2026-12-30 04:00:01.000000',3,'invite.use','invite:3','{"role":"contact"}');
INSERT INTO "audit" VALUES(12,'2026-12-30 04:00:06.000000',3,'draft.begin','revision:2','{"number":1,"reason":null}');
INSERT INTO "audit" VALUES(13,'2026-12-30 04:00:06.000000',3,'draft.add','revision:2','{"occupations":["大数据","区块链"]}');
INSERT INTO "audit" VALUES(14,'2026-12-30 04:00:07.000000',3,'draft.set','revision:2','{"occupation":"大数据","cells":["classes"],"was":{}}');
INSERT INTO "audit" VALUES(15,'2026-12-30 04:00:08.000000',3,'draft.set','revision:2','{"occupation":"大数据","cells":["subsidised_classes"],"was":{}}');
INSERT INTO "audit" VALUES(16,'2026-12-30 04:00:09.000000',3,'draft.set','revision:2','{"occupation":"大数据","cells":["trained"],"was":{}}');
CREATE TABLE closing (
	quarter VARCHAR(6) NOT NULL, 
	closes_at DATETIME NOT NULL, 
	at DATETIME NOT NULL, 
	person_id INTEGER NOT NULL, 
	CONSTRAINT pk_closing PRIMARY KEY (quarter), 
	CONSTRAINT fk_closing_person_id FOREIGN KEY(person_id) REFERENCES person (id)
);
CREATE TABLE code_attempt (
	id INTEGER NOT NULL, 
	account_id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_code_attempt PRIMARY KEY (id), 
	CONSTRAINT fk_code_attempt_account_id FOREIGN KEY(account_id) REFERENCES account (id)
);
CREATE TABLE complaint (
	id INTEGER NOT NULL, 
	receipt VARCHAR(24) NOT NULL, 
	text TEXT NOT NULL, 
	school VARCHAR(128), 
	anonymous BOOLEAN NOT NULL, 
	contact TEXT, 
	at DATETIME NOT NULL, 
	handled_at DATETIME, 
	handled_by INTEGER, 
	CONSTRAINT pk_complaint PRIMARY KEY (id), 
	CONSTRAINT ck_complaint_anonymous CHECK (NOT (anonymous AND contact IS NOT NULL)), 
	CONSTRAINT fk_complaint_handled_by FOREIGN KEY(handled_by) REFERENCES person (id), 
	CONSTRAINT uq_complaint_receipt UNIQUE (receipt)
);
CREATE TABLE conversation (
	account_id INTEGER NOT NULL, 
	serial INTEGER NOT NULL, 
	state JSON NOT NULL, 
	updated_at DATETIME NOT NULL, 
	CONSTRAINT pk_conversation PRIMARY KEY (account_id), 
	CONSTRAINT fk_conversation_account_id FOREIGN KEY(account_id) REFERENCES account (id)
);
INSERT INTO "conversation" VALUES(1,0,'{"dialog":null,"parked":{},"offers":[["威海第二培训学校 2026Q4（12月30日报）","rv:o:1"],["催报名单","rv:m"],["工作台","wb"]],"topic":null,"about":"self","asked":null,"greeted":"2026-12-30","numbers":true}','2026-12-30 04:00:03.000000');
INSERT INTO "conversation" VALUES(2,9,'{"dialog":null,"parked":{},"offers":[["打印盖章用表","prn:1:2026Q4"],["菜单","m"]],"topic":null,"about":"self","asked":null,"greeted":"2026-12-30","numbers":true}','2026-12-30 04:00:07.000000');
INSERT INTO "conversation" VALUES(3,10,'{"dialog":{"name":"report","version":1,"answers":{"quarter":"2026Q4","institution":"2","seen":["2:2026Q4",2,5,"大数据/certified"]},"revisit":null},"parked":{},"offers":[["0","s10:v:0"],["不掌握","s10:v:not_known"]],"topic":null,"about":"self","asked":null,"greeted":"2026-12-30","numbers":false}','2026-12-30 04:00:11.000000');
INSERT INTO "conversation" VALUES(4,3,'{"dialog":{"name":"check-enrolment","version":1,"answers":{"retired":""},"revisit":null},"parked":{},"offers":[["是，在威海或打算来","s3:v:yes"],["不是","s3:v:no"],["不确定","s3:v:unsure"]],"topic":null,"about":"self","asked":null,"greeted":"2026-12-30","numbers":true}','2026-12-30 04:00:03.000000');
INSERT INTO "conversation" VALUES(5,0,'{"dialog":null,"parked":{},"offers":[["看原文","o:title-junior-mid"],["我的证书能对应什么职称","go:check-title"],["高级证书等于高级工程师吗","q:title-senior"],["“以考代评”的系列怎么办","q:exam-series"],["职称谁来认定、哪些人在范围内","q:title-scope"],["👍","up:25:title-junior-mid"],["👎","down:25:title-junior-mid"]],"topic":"title-junior-mid","about":"self","asked":[25,"title-junior-mid"],"greeted":"2026-12-30","numbers":true}','2026-12-30 04:00:01.000000');
CREATE TABLE course (
	id INTEGER NOT NULL, 
	institution_id INTEGER NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	occupation VARCHAR(32) NOT NULL, 
	level VARCHAR(8) NOT NULL, 
	catalogued BOOLEAN, 
	filed_on DATE, 
	approved_on DATE, 
	opened_on DATE, 
	ended_on DATE, 
	rostered_on DATE, 
	assessed_on DATE, 
	certified_on DATE, 
	paid_on DATE, 
	trained INTEGER, 
	certificates INTEGER, 
	subsidised INTEGER, 
	amount BIGINT, 
	created_at DATETIME NOT NULL, 
	withdrawn_at DATETIME, 
	CONSTRAINT pk_course PRIMARY KEY (id), 
	CONSTRAINT ck_course_level CHECK (level IN ('junior', 'middle', 'senior')), 
	CONSTRAINT ck_course_amount_not_negative CHECK (amount >= 0), 
	CONSTRAINT ck_course_certificates_not_negative CHECK (certificates >= 0), 
	CONSTRAINT ck_course_subsidised_not_negative CHECK (subsidised >= 0), 
	CONSTRAINT ck_course_trained_not_negative CHECK (trained >= 0), 
	CONSTRAINT fk_course_institution_id FOREIGN KEY(institution_id) REFERENCES institution (id), 
	CONSTRAINT uq_course_institution_id_name UNIQUE (institution_id, name)
);
CREATE TABLE course_reminder (
	course_id INTEGER NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_course_reminder PRIMARY KEY (course_id, kind), 
	CONSTRAINT fk_course_reminder_course_id FOREIGN KEY(course_id) REFERENCES course (id)
);
CREATE TABLE "explanation" (
	revision_id INTEGER NOT NULL, 
	occupation VARCHAR(32) NOT NULL, 
	doubt VARCHAR(64) NOT NULL, 
	words TEXT NOT NULL, 
	text TEXT NOT NULL, 
	CONSTRAINT pk_explanation PRIMARY KEY (revision_id, occupation, doubt), 
	CONSTRAINT fk_explanation_revision_id FOREIGN KEY(revision_id) REFERENCES revision (id), 
	CONSTRAINT ck_explanation_words CHECK (length(words) > 0)
);
CREATE TABLE "extension" (
	institution_id INTEGER NOT NULL, 
	quarter VARCHAR(6) NOT NULL, 
	until DATETIME NOT NULL, 
	reason TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	person_id INTEGER NOT NULL, 
	CONSTRAINT pk_extension PRIMARY KEY (institution_id, quarter), 
	CONSTRAINT fk_extension_person_id FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT fk_extension_institution_id FOREIGN KEY(institution_id) REFERENCES institution (id), 
	CONSTRAINT ck_extension_reason CHECK (length(reason) > 0)
);
CREATE TABLE fact (
	person_id INTEGER NOT NULL, 
	about VARCHAR(16) NOT NULL, 
	fact VARCHAR(32) NOT NULL, 
	value VARCHAR(64) NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_fact PRIMARY KEY (person_id, about, fact), 
	CONSTRAINT ck_fact_about CHECK (about IN ('self', 'family', 'employee')), 
	CONSTRAINT fk_fact_person_id FOREIGN KEY(person_id) REFERENCES person (id)
);
INSERT INTO "fact" VALUES(4,'self','retired','no','2026-12-30 04:00:03.000000');
CREATE TABLE feedback (
	id INTEGER NOT NULL, 
	turn_id INTEGER, 
	value VARCHAR(8) NOT NULL, 
	reason VARCHAR(16), 
	same VARCHAR(300) NOT NULL, 
	text TEXT NOT NULL, 
	entry VARCHAR(64) NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_feedback PRIMARY KEY (id), 
	CONSTRAINT ck_feedback_value CHECK (value IN ('up', 'down', 'pick')), 
	CONSTRAINT fk_feedback_turn_id FOREIGN KEY(turn_id) REFERENCES turn (id) ON DELETE SET NULL, 
	CONSTRAINT uq_feedback_turn_id UNIQUE (turn_id)
);
CREATE TABLE "figure" (
	revision_id INTEGER NOT NULL, 
	occupation VARCHAR(32) NOT NULL, 
	no_business BOOLEAN NOT NULL, 
	classes BIGINT, 
	subsidised_classes BIGINT, 
	trained BIGINT, 
	certified BIGINT, 
	subsidised BIGINT, 
	amount BIGINT, 
	not_known JSON NOT NULL, 
	CONSTRAINT pk_figure PRIMARY KEY (revision_id, occupation), 
	CONSTRAINT ck_figure_subsidised_classes_not_negative CHECK (subsidised_classes >= 0), 
	CONSTRAINT ck_figure_trained_not_negative CHECK (trained >= 0), 
	CONSTRAINT fk_figure_revision_id FOREIGN KEY(revision_id) REFERENCES revision (id), 
	CONSTRAINT ck_figure_certified_not_negative CHECK (certified >= 0), 
	CONSTRAINT ck_figure_amount_not_negative CHECK (amount >= 0), 
	CONSTRAINT ck_figure_subsidised_not_negative CHECK (subsidised >= 0), 
	CONSTRAINT ck_figure_classes_not_negative CHECK (classes >= 0), 
	CONSTRAINT ck_figure_no_business CHECK (no_business = false OR (classes = 0 AND subsidised_classes = 0 AND trained = 0 AND certified = 0 AND subsidised = 0 AND amount = 0))
);
INSERT INTO "figure" VALUES(1,'区块链',0,2,1,60,40,30,4500000,'[]');
INSERT INTO "figure" VALUES(2,'大数据',0,3,2,120,NULL,NULL,NULL,'[]');
INSERT INTO "figure" VALUES(2,'区块链',0,NULL,NULL,NULL,NULL,NULL,NULL,'[]');
CREATE TABLE "institution" (
	id INTEGER NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	district VARCHAR(32), 
	expected_from VARCHAR(6) NOT NULL, 
	expected_until VARCHAR(6), 
	created_at DATETIME NOT NULL, 
	closed_at DATETIME, 
	CONSTRAINT pk_institution PRIMARY KEY (id), 
	CONSTRAINT uq_institution_name UNIQUE (name), 
	CONSTRAINT ck_institution_name CHECK (length(name) > 0), 
	CONSTRAINT ck_institution_expected_from CHECK (length(expected_from) = 6 AND expected_from LIKE '20__Q_' AND substr(expected_from, 6, 1) IN ('1', '2', '3', '4')), 
	CONSTRAINT ck_institution_expected_until CHECK (expected_until IS NULL OR (length(expected_until) = 6 AND expected_until LIKE '20__Q_' AND substr(expected_until, 6, 1) IN ('1', '2', '3', '4')))
);
INSERT INTO "institution" VALUES(1,'威海第二培训学校',NULL,'2026Q1',NULL,'2026-12-30 04:00:00.000000',NULL);
INSERT INTO "institution" VALUES(2,'威海数字培训学校',NULL,'2026Q1',NULL,'2026-12-30 04:00:00.000000',NULL);
CREATE TABLE "invite" (
	id INTEGER NOT NULL, 
	code_hash VARCHAR(64) NOT NULL, 
	institution_id INTEGER, 
	role VARCHAR(16) NOT NULL, 
	district VARCHAR(32), 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	used_at DATETIME, 
	used_by INTEGER, 
	revoked_at DATETIME, 
	first_head BOOLEAN NOT NULL, 
	CONSTRAINT pk_invite PRIMARY KEY (id), 
	CONSTRAINT fk_invite_used_by FOREIGN KEY(used_by) REFERENCES person (id), 
	CONSTRAINT uq_invite_code_hash UNIQUE (code_hash), 
	CONSTRAINT fk_invite_institution_id FOREIGN KEY(institution_id) REFERENCES institution (id), 
	CONSTRAINT ck_invite_role CHECK (role IN ('contact', 'lead', 'staff', 'head', 'district')), 
	CONSTRAINT ck_invite_office_or_institution CHECK ((institution_id IS NULL) = (role IN ('staff', 'head', 'district'))), 
	CONSTRAINT ck_invite_district CHECK ((district IS NULL) = (role <> 'district'))
);
INSERT INTO "invite" VALUES(1,'b7ec4fa1d19b645528529504c3de7e9728ba689033dd1abbd996b883cf483c3c',NULL,'head',NULL,'2026-12-30 04:00:00.000000','2027-04-29 04:00:00.000000','2026-12-30 04:00:01.000000',1,NULL,0);
INSERT INTO "invite" VALUES(2,'d8407dcd84ddcdaf89309caf2f75fec81cb215b7951dd252090b8d1aa8e4bb28',1,'contact',NULL,'2026-12-30 04:00:00.000000','2027-04-29 04:00:00.000000','2026-12-30 04:00:01.000000',2,NULL,0);
INSERT INTO "invite" VALUES(3,'dd3751d9d97a65b847b3d00e9f27a89e3c4f28dd4dc96add0d4d20bddb85231f',2,'contact',NULL,'2026-12-30 04:00:00.000000','2027-04-29 04:00:00.000000','2026-12-30 04:00:01.000000',3,NULL,0);
CREATE TABLE later (
	id INTEGER NOT NULL, 
	channel VARCHAR(16) NOT NULL, 
	bot VARCHAR(128) NOT NULL, 
	sender VARCHAR(128) NOT NULL, 
	body JSON NOT NULL, 
	due_at DATETIME NOT NULL, 
	CONSTRAINT pk_later PRIMARY KEY (id)
);
CREATE TABLE lead_review (
	id INTEGER NOT NULL, 
	revision_id INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	asked_at DATETIME NOT NULL, 
	asked_by INTEGER NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	words TEXT, 
	closed_at DATETIME, 
	closed_by INTEGER, 
	CONSTRAINT pk_lead_review PRIMARY KEY (id), 
	CONSTRAINT ck_lead_review_closed CHECK ((state = 'open') = (closed_at IS NULL)), 
	CONSTRAINT ck_lead_review_words CHECK ((state = 'sent_back') = (words IS NOT NULL)), 
	CONSTRAINT ck_lead_review_state CHECK (state IN ('open', 'confirmed', 'sent_back', 'withdrawn')), 
	CONSTRAINT fk_lead_review_asked_by FOREIGN KEY(asked_by) REFERENCES person (id), 
	CONSTRAINT fk_lead_review_closed_by FOREIGN KEY(closed_by) REFERENCES person (id), 
	CONSTRAINT fk_lead_review_revision_id FOREIGN KEY(revision_id) REFERENCES revision (id)
);
CREATE TABLE measure_note (
	id INTEGER NOT NULL, 
	measure VARCHAR(32) NOT NULL, 
	words TEXT NOT NULL, 
	from_quarter VARCHAR(6) NOT NULL, 
	until_quarter VARCHAR(6), 
	at DATETIME NOT NULL, 
	person_id INTEGER NOT NULL, 
	CONSTRAINT pk_measure_note PRIMARY KEY (id), 
	CONSTRAINT ck_measure_note_order CHECK (until_quarter IS NULL OR until_quarter >= from_quarter), 
	CONSTRAINT fk_measure_note_person_id FOREIGN KEY(person_id) REFERENCES person (id)
);
CREATE TABLE membership (
	id INTEGER NOT NULL, 
	person_id INTEGER NOT NULL, 
	institution_id INTEGER, 
	role VARCHAR(16) NOT NULL, 
	district VARCHAR(32), 
	from_at DATETIME NOT NULL, 
	revoked_at DATETIME, 
	CONSTRAINT pk_membership PRIMARY KEY (id), 
	CONSTRAINT ck_membership_district CHECK ((district IS NULL) = (role <> 'district')), 
	CONSTRAINT ck_membership_office_or_institution CHECK ((institution_id IS NULL) = (role IN ('staff', 'head', 'district'))), 
	CONSTRAINT ck_membership_role CHECK (role IN ('contact', 'lead', 'staff', 'head', 'district')), 
	CONSTRAINT fk_membership_institution_id FOREIGN KEY(institution_id) REFERENCES institution (id), 
	CONSTRAINT fk_membership_person_id FOREIGN KEY(person_id) REFERENCES person (id)
);
INSERT INTO "membership" VALUES(1,1,NULL,'head',NULL,'2026-12-30 04:00:01.000000',NULL);
INSERT INTO "membership" VALUES(2,2,1,'contact',NULL,'2026-12-30 04:00:01.000000',NULL);
INSERT INTO "membership" VALUES(3,3,2,'contact',NULL,'2026-12-30 04:00:01.000000',NULL);
CREATE TABLE office_link (
	id INTEGER NOT NULL, 
	token_hash VARCHAR(64) NOT NULL, 
	person_id INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	used_at DATETIME, 
	CONSTRAINT pk_office_link PRIMARY KEY (id), 
	CONSTRAINT fk_office_link_person_id FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT uq_office_link_token_hash UNIQUE (token_hash)
);
CREATE TABLE office_session (
	id INTEGER NOT NULL, 
	token_hash VARCHAR(64) NOT NULL, 
	person_id INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	seen_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	CONSTRAINT pk_office_session PRIMARY KEY (id), 
	CONSTRAINT fk_office_session_person_id FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT uq_office_session_token_hash UNIQUE (token_hash)
);
CREATE TABLE on_behalf (
	revision_id INTEGER NOT NULL, 
	source TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	person_id INTEGER NOT NULL, received_at DATETIME, 
	CONSTRAINT pk_on_behalf PRIMARY KEY (revision_id), 
	CONSTRAINT ck_on_behalf_source CHECK (length(source) > 0), 
	CONSTRAINT fk_on_behalf_person_id FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT fk_on_behalf_revision_id FOREIGN KEY(revision_id) REFERENCES revision (id)
);
CREATE TABLE opening (
	id INTEGER NOT NULL, 
	institution_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	through VARCHAR(6) NOT NULL, 
	source TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	person_id INTEGER NOT NULL, 
	CONSTRAINT pk_opening PRIMARY KEY (id), 
	CONSTRAINT ck_opening_source CHECK (length(source) > 0), 
	CONSTRAINT fk_opening_institution_id FOREIGN KEY(institution_id) REFERENCES institution (id), 
	CONSTRAINT fk_opening_person_id FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT uq_opening_institution_id_number UNIQUE (institution_id, number)
);
CREATE TABLE opening_figure (
	opening_id INTEGER NOT NULL, 
	occupation VARCHAR(32) NOT NULL, 
	classes BIGINT NOT NULL, 
	subsidised_classes BIGINT NOT NULL, 
	trained BIGINT NOT NULL, 
	certified BIGINT NOT NULL, 
	subsidised BIGINT NOT NULL, 
	amount BIGINT NOT NULL, 
	CONSTRAINT pk_opening_figure PRIMARY KEY (opening_id, occupation), 
	CONSTRAINT ck_opening_figure_amount_not_negative CHECK (amount >= 0), 
	CONSTRAINT ck_opening_figure_certified_not_negative CHECK (certified >= 0), 
	CONSTRAINT ck_opening_figure_classes_not_negative CHECK (classes >= 0), 
	CONSTRAINT ck_opening_figure_subsidised_not_negative CHECK (subsidised >= 0), 
	CONSTRAINT ck_opening_figure_subsidised_classes CHECK (subsidised_classes <= classes), 
	CONSTRAINT ck_opening_figure_subsidised_classes_not_negative CHECK (subsidised_classes >= 0), 
	CONSTRAINT ck_opening_figure_people_without_class CHECK (trained = 0 OR classes > 0), 
	CONSTRAINT ck_opening_figure_trained_not_negative CHECK (trained >= 0), 
	CONSTRAINT fk_opening_figure_opening_id FOREIGN KEY(opening_id) REFERENCES opening (id)
);
CREATE TABLE outbox (
	id INTEGER NOT NULL, 
	turn_id INTEGER, 
	channel VARCHAR(16) NOT NULL, 
	bot VARCHAR(128) NOT NULL, 
	sender VARCHAR(128) NOT NULL, 
	body JSON NOT NULL, 
	created_at DATETIME NOT NULL, 
	sent_at DATETIME, 
	failed VARCHAR(64), 
	CONSTRAINT pk_outbox PRIMARY KEY (id), 
	CONSTRAINT fk_outbox_turn_id FOREIGN KEY(turn_id) REFERENCES turn (id)
);
INSERT INTO "outbox" VALUES(1,1,'terminal','test','zhang','{"text":"绑定成功：您是专业技术人员管理科的负责人。请留下姓名，审核和办理记录里会写它：点“填姓名”，不想留就不用管。","choices":[["填姓名","of:name"],["工作台","wb"],["机构和邀请码","of:list"],["报送进度","of:status"],["待答问题","dk:l:0"],["投诉线索","ct:l:0"],["发布信息","pb:new"],["菜单","m"]],"files":[]}','2026-12-30 04:00:01.000000','2026-12-30 04:00:01.000000',NULL);
INSERT INTO "outbox" VALUES(2,2,'terminal','test','zhang','{"text":"想问什么直接打字，例如“退休了能报吗”“中级证能评什么职称”。也可以点：","choices":[["待审","rv:l:0"],["工作台","wb"],["报送进度","of:status"],["机构和邀请码","of:list"],["导出汇总表","of:export"],["待答问题","dk:l:0"],["投诉线索","ct:l:0"],["发布信息","pb:new"],["我能不能参加培训","go:check-enrolment"],["培训能不能算继续教育学时","go:check-hours"],["我能不能报考等级证书","go:check-assessment"],["我的证书能对应什么职称","go:check-title"],["我能不能领培训补贴","go:check-subsidy"],["我的路线","go:route"],["常见问题","t"],["我的账号","ac:l"],["帮助","h"]],"files":[]}','2026-12-30 04:00:02.000000','2026-12-30 04:00:02.000000',NULL);
INSERT INTO "outbox" VALUES(3,3,'terminal','test','chen','{"text":"绑定成功：您现在可以为“威海第二培训学校”填报季度情况表。\n\n表上的“填表人”写谁？请发姓名，可以连电话一起发（以后每季度都用它，可随时发“填表人”修改）。","choices":[["跳过","s1:v:skip"]],"files":[]}','2026-12-30 04:00:01.000000','2026-12-30 04:00:01.000000',NULL);
INSERT INTO "outbox" VALUES(4,4,'terminal','test','chen','{"text":"表上的“联系电话”写哪个？号码加密保存，只印在情况表上。","choices":[["跳过","s2:v:skip"]],"files":[]}','2026-12-30 04:00:02.000000','2026-12-30 04:00:02.000000',NULL);
INSERT INTO "outbox" VALUES(5,5,'terminal','test','chen','{"text":"记下了。填表人：陈静；联系电话：未填。","choices":[["填报季度情况表","go:report"],["菜单","m"]],"files":[]}','2026-12-30 04:00:03.000000','2026-12-30 04:00:03.000000',NULL);
INSERT INTO "outbox" VALUES(6,6,'terminal','test','chen','{"text":"2026年第4季度哪些职业有培训？点一个，或一次写几个（如：大数据 区块链）。也可以直接一行报一个职业：大数据 3 2 120 80 60 90000","choices":[["智能制造","s5:v:智能制造"],["大数据","s5:v:大数据"],["区块链","s5:v:区块链"],["物联网","s5:v:物联网"],["云计算","s5:v:云计算"],["数字化管理","s5:v:数字化管理"],["工业互联网","s5:v:工业互联网"],["虚拟现实","s5:v:虚拟现实"],["集成电路","s5:v:集成电路"],["人工智能","s5:v:人工智能"],["本季度无培训","s5:v:nothing"]],"files":[]}','2026-12-30 04:00:04.000000','2026-12-30 04:00:04.000000',NULL);
INSERT INTO "outbox" VALUES(7,7,'terminal','test','chen','{"text":"✓ 已记入：区块链\n\n【威海第二培训学校 2026Q4】都填好了，请核对：\n· 区块链：已培训班次 2，纳入补贴班次 1，已培训人数 60，取得证书人数 40，领取补贴人数 30，发放补贴金额 45,000\n\n改某个数：点“改数”，或直接发 区块链 已培训人数 120","choices":[["提交","s6:v:submit"],["改数","s6:a:change"],["加一个职业","s6:v:add"],["附页","pg:1:2026Q4"],["下载表格","form:1:2026Q4"],["先不提交","s6:a:cancel"]],"files":[]}','2026-12-30 04:00:05.000000','2026-12-30 04:00:05.000000',NULL);
INSERT INTO "outbox" VALUES(8,8,'terminal','test','chen','{"text":"确认报送 威海第二培训学校 2026Q4 的情况表？共 1 个职业，合计：已培训班次 2，已培训人数 60，取得证书人数 40，发放补贴金额 45,000。","choices":[["确认提交","s7:v:yes"],["再看看","s7:a:back"]],"files":[]}','2026-12-30 04:00:06.000000','2026-12-30 04:00:06.000000',NULL);
INSERT INTO "outbox" VALUES(9,9,'terminal','test','chen','{"text":"系统已收到：威海第二培训学校 2026年第4季度情况表。\n编号 2026Q4-0001-01\n时间 2026年12月30日 12:00（按时）\n是否还须报送盖章纸质件，以专业技术人员管理科要求为准。发现错了，再发“填报”就能更正。\n盖章件：待补。盖章后拍照或扫描，发到这里就行；公章不在手边，过几天补也可以。","choices":[["打印盖章用表","prn:1:2026Q4"],["菜单","m"]],"files":[{"kind":"form","name":"数字技术工程师培育项目开展情况表-威海第二培训学校-2026Q4.xlsx","args":{"revision":1}}]}','2026-12-30 04:00:07.000000','2026-12-30 04:00:07.000000',NULL);
INSERT INTO "outbox" VALUES(10,10,'terminal','test','zhang','{"text":"待审 1 份，先报的在前。点一份打开：","choices":[["威海第二培训学校 2026Q4（12月30日报）","rv:o:1"],["催报名单","rv:m"],["工作台","wb"]],"files":[]}','2026-12-30 04:00:03.000000','2026-12-30 04:00:03.000000',NULL);
INSERT INTO "outbox" VALUES(11,11,'terminal','test','wang','{"text":"绑定成功：您现在可以为“威海数字培训学校”填报季度情况表。\n\n表上的“填表人”写谁？请发姓名，可以连电话一起发（以后每季度都用它，可随时发“填表人”修改）。","choices":[["跳过","s1:v:skip"]],"files":[]}','2026-12-30 04:00:01.000000','2026-12-30 04:00:01.000000',NULL);
INSERT INTO "outbox" VALUES(12,12,'terminal','test','wang','{"text":"表上的“联系电话”写哪个？号码加密保存，只印在情况表上。","choices":[["跳过","s2:v:skip"]],"files":[]}','2026-12-30 04:00:02.000000','2026-12-30 04:00:02.000000',NULL);
INSERT INTO "outbox" VALUES(13,13,'terminal','test','wang','{"text":"记下了。填表人：王芳；联系电话：未填。","choices":[["填报季度情况表","go:report"],["菜单","m"]],"files":[]}','2026-12-30 04:00:03.000000','2026-12-30 04:00:03.000000',NULL);
INSERT INTO "outbox" VALUES(14,14,'terminal','test','wang','{"text":"2026年第4季度情况表还有 1 天截止（12月31日）：\n· 威海数字培训学校：还没开始填","choices":[["现在填报","fill:2:2026Q4"]],"files":[]}','2026-12-30 04:00:04.000000','2026-12-30 04:00:04.000000',NULL);
INSERT INTO "outbox" VALUES(15,14,'terminal','test','wang','{"text":"想问什么直接打字，例如“退休了能报吗”“中级证能评什么职称”。也可以点：","choices":[["填报季度情况表","go:report"],["课程登记","go:course"],["联系人","co:l"],["我能不能参加培训","go:check-enrolment"],["培训能不能算继续教育学时","go:check-hours"],["我能不能报考等级证书","go:check-assessment"],["我的证书能对应什么职称","go:check-title"],["我能不能领培训补贴","go:check-subsidy"],["我的路线","go:route"],["常见问题","t"],["我的账号","ac:l"],["帮助","h"]],"files":[]}','2026-12-30 04:00:04.000000','2026-12-30 04:00:04.000000',NULL);
INSERT INTO "outbox" VALUES(16,15,'terminal','test','wang','{"text":"2026年第4季度哪些职业有培训？点一个，或一次写几个（如：大数据 区块链）。也可以直接一行报一个职业：大数据 3 2 120 80 60 90000","choices":[["智能制造","s5:v:智能制造"],["大数据","s5:v:大数据"],["区块链","s5:v:区块链"],["物联网","s5:v:物联网"],["云计算","s5:v:云计算"],["数字化管理","s5:v:数字化管理"],["工业互联网","s5:v:工业互联网"],["虚拟现实","s5:v:虚拟现实"],["集成电路","s5:v:集成电路"],["人工智能","s5:v:人工智能"],["本季度无培训","s5:v:nothing"]],"files":[]}','2026-12-30 04:00:05.000000','2026-12-30 04:00:05.000000',NULL);
INSERT INTO "outbox" VALUES(17,16,'terminal','test','wang','{"text":"【大数据 1/6】已培训班次（个）是多少？\n还剩 12 格。","choices":[["0","s6:v:0"],["本职业无业务","s6:v:no_business"],["不掌握","s6:v:not_known"]],"files":[]}','2026-12-30 04:00:06.000000','2026-12-30 04:00:06.000000',NULL);
INSERT INTO "outbox" VALUES(18,17,'terminal','test','wang','{"text":"✓ 大数据 已培训班次：3 个\n\n【大数据 2/6】其中纳入补贴班次（个）是多少？\n还剩 11 格。","choices":[["0","s7:v:0"],["不掌握","s7:v:not_known"]],"files":[]}','2026-12-30 04:00:07.000000','2026-12-30 04:00:07.000000',NULL);
INSERT INTO "outbox" VALUES(19,18,'terminal','test','wang','{"text":"✓ 大数据 纳入补贴班次：2 个\n\n【大数据 3/6】已培训人数（人）是多少？\n还剩 10 格。","choices":[["0","s8:v:0"],["不掌握","s8:v:not_known"]],"files":[]}','2026-12-30 04:00:08.000000','2026-12-30 04:00:08.000000',NULL);
INSERT INTO "outbox" VALUES(20,19,'terminal','test','wang','{"text":"✓ 大数据 已培训人数：120 人\n\n【大数据 4/6】其中取得证书人数（人）是多少？\n还剩 9 格。","choices":[["0","s9:v:0"],["不掌握","s9:v:not_known"]],"files":[]}','2026-12-30 04:00:09.000000','2026-12-30 04:00:09.000000',NULL);
INSERT INTO "outbox" VALUES(21,20,'terminal','test','wang','{"text":"改哪个职业？","choices":[["大数据","row:2:2026Q4:大数据"],["区块链","row:2:2026Q4:区块链"],["不改了","s9:a:show"]],"files":[]}','2026-12-30 04:00:10.000000','2026-12-30 04:00:10.000000',NULL);
INSERT INTO "outbox" VALUES(22,21,'terminal','test','wang','{"text":"接着上次的填：2026年第4季度。\n【大数据 4/6】其中取得证书人数（人）是多少？\n还剩 9 格。","choices":[["0","s10:v:0"],["不掌握","s10:v:not_known"]],"files":[]}','2026-12-30 04:00:11.000000','2026-12-30 04:00:11.000000',NULL);
INSERT INTO "outbox" VALUES(23,22,'terminal','test','li','{"text":"您好！我是威海市数字技术工程师培育项目的问答助手，按威人社函〔2023〕25号通知回答，每条都注明依据。\n想问什么直接打字，例如“退休了能报吗”“中级证能评什么职称”。也可以点：","choices":[["我能不能参加培训","go:check-enrolment"],["培训能不能算继续教育学时","go:check-hours"],["我能不能报考等级证书","go:check-assessment"],["我的证书能对应什么职称","go:check-title"],["我能不能领培训补贴","go:check-subsidy"],["我的路线","go:route"],["常见问题","t"],["帮助","h"]],"files":[]}','2026-12-30 04:00:01.000000','2026-12-30 04:00:01.000000',NULL);
INSERT INTO "outbox" VALUES(24,23,'terminal','test','li','{"text":"几个小问题，看看是否属于通知列出的培育对象。\n您已经办理退休了吗？\n（内退、停薪留职等还没办退休手续的，请选“不确定”。）","choices":[["已退休","s2:v:yes"],["没有退休","s2:v:no"],["不确定","s2:v:unsure"]],"files":[]}','2026-12-30 04:00:02.000000','2026-12-30 04:00:02.000000',NULL);
INSERT INTO "outbox" VALUES(25,24,'terminal','test','li','{"text":"您现在或打算在威海市行政区域内工作吗？\n（含各区市；看工作地，不看户籍和社保。）","choices":[["是，在威海或打算来","s3:v:yes"],["不是","s3:v:no"],["不确定","s3:v:unsure"]],"files":[]}','2026-12-30 04:00:03.000000','2026-12-30 04:00:03.000000',NULL);
INSERT INTO "outbox" VALUES(26,25,'terminal','test','zhao','{"text":"视情况：参加项目且属于我市职称申报评审范围的专业技术人员，初级证书可认定助理工程师，中级可认定工程师，按职称管理权限办理，不是自动取得；以考代评的系列（专业）除外。\n\n依据：威人社函〔2023〕25号（五（二））","choices":[["看原文","o:title-junior-mid"],["我的证书能对应什么职称","go:check-title"],["高级证书等于高级工程师吗","q:title-senior"],["“以考代评”的系列怎么办","q:exam-series"],["职称谁来认定、哪些人在范围内","q:title-scope"],["👍","up:25:title-junior-mid"],["👎","down:25:title-junior-mid"]],"files":[]}','2026-12-30 04:00:01.000000','2026-12-30 04:00:01.000000',NULL);
CREATE TABLE page (
	revision_id INTEGER NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	words TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	person_id INTEGER NOT NULL, 
	CONSTRAINT pk_page PRIMARY KEY (revision_id, kind), 
	CONSTRAINT ck_page_kind CHECK (kind IN ('measures', 'practice', 'problems')), 
	CONSTRAINT ck_page_words CHECK (length(words) > 0), 
	CONSTRAINT fk_page_person_id FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT fk_page_revision_id FOREIGN KEY(revision_id) REFERENCES revision (id)
);
CREATE TABLE person (
	id INTEGER NOT NULL, 
	name VARCHAR(64), 
	telephone TEXT, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_person PRIMARY KEY (id)
);
INSERT INTO "person" VALUES(1,NULL,NULL,'2026-12-30 04:00:01.000000');
INSERT INTO "person" VALUES(2,'陈静',NULL,'2026-12-30 04:00:01.000000');
INSERT INTO "person" VALUES(3,'王芳',NULL,'2026-12-30 04:00:01.000000');
INSERT INTO "person" VALUES(4,NULL,NULL,'2026-12-30 04:00:01.000000');
INSERT INTO "person" VALUES(5,NULL,NULL,'2026-12-30 04:00:01.000000');
CREATE TABLE proposal (
	id INTEGER NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	question_id INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	entry VARCHAR(64), 
	title TEXT, 
	answer TEXT, 
	at DATETIME NOT NULL, 
	person_id INTEGER NOT NULL, 
	CONSTRAINT pk_proposal PRIMARY KEY (id), 
	CONSTRAINT ck_proposal_new CHECK ((kind = 'entry') = (title IS NOT NULL AND answer IS NOT NULL)), 
	CONSTRAINT ck_proposal_entry CHECK ((kind = 'phrasing') = (entry IS NOT NULL)), 
	CONSTRAINT ck_proposal_kind CHECK (kind IN ('phrasing', 'entry')), 
	CONSTRAINT fk_proposal_person_id FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT fk_proposal_question_id FOREIGN KEY(question_id) REFERENCES question (id)
);
CREATE TABLE publication (
	id INTEGER NOT NULL, 
	kind VARCHAR(24) NOT NULL, 
	text TEXT NOT NULL, 
	occupation VARCHAR(32) NOT NULL, 
	level VARCHAR(16) NOT NULL, 
	institution VARCHAR(128) NOT NULL, 
	starts_on DATE, 
	ends_on DATE, 
	source TEXT NOT NULL, 
	valid_from DATE NOT NULL, 
	valid_until DATE, 
	same VARCHAR(64) NOT NULL, 
	published_at DATETIME NOT NULL, 
	published_by INTEGER NOT NULL, 
	announced_at DATETIME, 
	withdrawn_at DATETIME, 
	withdrawn_by INTEGER, 
	CONSTRAINT pk_publication PRIMARY KEY (id), 
	CONSTRAINT ck_publication_dates CHECK (ends_on IS NULL OR ends_on >= starts_on), 
	CONSTRAINT ck_publication_valid CHECK (valid_until IS NULL OR valid_until >= valid_from), 
	CONSTRAINT fk_publication_published_by FOREIGN KEY(published_by) REFERENCES person (id), 
	CONSTRAINT fk_publication_withdrawn_by FOREIGN KEY(withdrawn_by) REFERENCES person (id)
);
CREATE TABLE question (
	id INTEGER NOT NULL, 
	same VARCHAR(300) NOT NULL, 
	text TEXT NOT NULL, 
	why VARCHAR(16) NOT NULL, 
	entry VARCHAR(64), 
	count INTEGER NOT NULL, 
	first_at DATETIME NOT NULL, 
	last_at DATETIME NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	reply TEXT, 
	closed_at DATETIME, 
	closed_by INTEGER, 
	CONSTRAINT pk_question PRIMARY KEY (id), 
	CONSTRAINT ck_question_closed CHECK ((state = 'open') = (closed_at IS NULL)), 
	CONSTRAINT ck_question_state CHECK (state IN ('open', 'answered', 'dropped')), 
	CONSTRAINT ck_question_why CHECK (why IN ('refused', 'unsure', 'disliked', 'handed')), 
	CONSTRAINT fk_question_closed_by FOREIGN KEY(closed_by) REFERENCES person (id)
);
CREATE TABLE received_file (
	id INTEGER NOT NULL, 
	person_id INTEGER NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	media VARCHAR(8) NOT NULL, 
	size INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_received_file PRIMARY KEY (id), 
	CONSTRAINT fk_received_file_person_id FOREIGN KEY(person_id) REFERENCES person (id)
);
CREATE TABLE reminder (
	id INTEGER NOT NULL, 
	institution_id INTEGER NOT NULL, 
	quarter VARCHAR(6) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	person_id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_reminder PRIMARY KEY (id), 
	CONSTRAINT fk_reminder_institution_id FOREIGN KEY(institution_id) REFERENCES institution (id), 
	CONSTRAINT fk_reminder_person_id FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT uq_reminder_institution_id_quarter_kind_person_id UNIQUE (institution_id, quarter, kind, person_id)
);
CREATE TABLE "reopening" (
	revision_id INTEGER NOT NULL, 
	reason TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	person_id INTEGER NOT NULL, 
	CONSTRAINT pk_reopening PRIMARY KEY (revision_id), 
	CONSTRAINT fk_reopening_person_id FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT fk_reopening_revision_id FOREIGN KEY(revision_id) REFERENCES revision (id), 
	CONSTRAINT ck_reopening_reason CHECK (length(reason) > 0)
);
CREATE TABLE "report" (
	id INTEGER NOT NULL, 
	institution_id INTEGER NOT NULL, 
	quarter VARCHAR(6) NOT NULL, 
	first_submitted_at DATETIME, 
	CONSTRAINT pk_report PRIMARY KEY (id), 
	CONSTRAINT fk_report_institution_id FOREIGN KEY(institution_id) REFERENCES institution (id), 
	CONSTRAINT uq_report_institution_id_quarter UNIQUE (institution_id, quarter), 
	CONSTRAINT ck_report_quarter CHECK (length(quarter) = 6 AND quarter LIKE '20__Q_' AND substr(quarter, 6, 1) IN ('1', '2', '3', '4'))
);
INSERT INTO "report" VALUES(1,1,'2026Q4','2026-12-30 04:00:07.000000');
INSERT INTO "report" VALUES(2,2,'2026Q4',NULL);
CREATE TABLE returned_cell (
	revision_id INTEGER NOT NULL, 
	occupation VARCHAR(32) NOT NULL, 
	measure VARCHAR(24) NOT NULL, 
	words TEXT NOT NULL, 
	CONSTRAINT pk_returned_cell PRIMARY KEY (revision_id, occupation, measure), 
	CONSTRAINT ck_returned_cell_place CHECK (occupation <> '' OR measure = ''), 
	CONSTRAINT ck_returned_cell_words CHECK (length(words) > 0), 
	CONSTRAINT fk_returned_cell_revision_id FOREIGN KEY(revision_id) REFERENCES revision (id)
);
CREATE TABLE "revision" (
	id INTEGER NOT NULL, 
	report_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	state VARCHAR(12) NOT NULL, 
	version INTEGER NOT NULL, 
	nothing_to_report BOOLEAN NOT NULL, 
	reason TEXT, 
	filled_by VARCHAR(64), 
	telephone TEXT, 
	receipt VARCHAR(32), 
	started_at DATETIME NOT NULL, 
	started_by INTEGER NOT NULL, 
	submitted_at DATETIME, 
	submitted_by INTEGER, 
	decided_at DATETIME, 
	decided_by INTEGER, 
	CONSTRAINT pk_revision PRIMARY KEY (id), 
	CONSTRAINT ck_revision_state CHECK (state IN ('draft', 'submitted', 'superseded', 'accepted', 'returned', 'discarded')), 
	CONSTRAINT ck_revision_submitted_at CHECK ((state IN ('draft', 'discarded')) = (submitted_at IS NULL)), 
	CONSTRAINT fk_revision_started_by FOREIGN KEY(started_by) REFERENCES person (id), 
	CONSTRAINT uq_revision_receipt UNIQUE (receipt), 
	CONSTRAINT fk_revision_decided_by FOREIGN KEY(decided_by) REFERENCES person (id), 
	CONSTRAINT ck_revision_receipt CHECK ((submitted_at IS NULL) = (receipt IS NULL)), 
	CONSTRAINT fk_revision_submitted_by FOREIGN KEY(submitted_by) REFERENCES person (id), 
	CONSTRAINT uq_revision_report_id_number UNIQUE (report_id, number), 
	CONSTRAINT fk_revision_report_id FOREIGN KEY(report_id) REFERENCES report (id), 
	CONSTRAINT ck_revision_submitted_by CHECK ((submitted_at IS NULL) = (submitted_by IS NULL)), 
	CONSTRAINT ck_revision_decided_by CHECK ((decided_at IS NULL) = (decided_by IS NULL)), 
	CONSTRAINT ck_revision_decided CHECK (state NOT IN ('accepted', 'returned') OR decided_at IS NOT NULL), 
	CONSTRAINT ck_revision_undecided CHECK (state NOT IN ('draft', 'discarded', 'submitted') OR decided_at IS NULL), 
	CONSTRAINT ck_revision_numbers CHECK (number > 0 AND version > 0)
);
INSERT INTO "revision" VALUES(1,1,1,'submitted',2,0,NULL,'陈静',NULL,'2026Q4-0001-01','2026-12-30 04:00:05.000000',2,'2026-12-30 04:00:07.000000',2,NULL,NULL);
INSERT INTO "revision" VALUES(2,2,1,'draft',5,0,NULL,NULL,NULL,NULL,'2026-12-30 04:00:06.000000',3,NULL,NULL,NULL,NULL);
CREATE TABLE schema_mark (
	number INTEGER NOT NULL, 
	incompatible BOOLEAN NOT NULL, 
	CONSTRAINT pk_schema_mark PRIMARY KEY (number)
);
INSERT INTO "schema_mark" VALUES(1,0);
INSERT INTO "schema_mark" VALUES(2,0);
INSERT INTO "schema_mark" VALUES(3,0);
INSERT INTO "schema_mark" VALUES(4,0);
CREATE TABLE subscription (
	id INTEGER NOT NULL, 
	account_id INTEGER NOT NULL, 
	occupation VARCHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_subscription PRIMARY KEY (id), 
	CONSTRAINT fk_subscription_account_id FOREIGN KEY(account_id) REFERENCES account (id), 
	CONSTRAINT uq_subscription_account_id_occupation UNIQUE (account_id, occupation)
);
CREATE TABLE turn (
	id INTEGER NOT NULL, 
	channel VARCHAR(16) NOT NULL, 
	bot VARCHAR(128) NOT NULL, 
	sender VARCHAR(128) NOT NULL, 
	message_id VARCHAR(128) NOT NULL, 
	said TEXT, 
	incident VARCHAR(16), 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_turn PRIMARY KEY (id), 
	CONSTRAINT uq_turn_channel_bot_sender_message_id UNIQUE (channel, bot, sender, message_id)
);
INSERT INTO "turn" VALUES(1,'terminal','test','zhang','former-1','绑定 KRCJ2-XYGET',NULL,'2026-12-30 04:00:01.000000');
INSERT INTO "turn" VALUES(2,'terminal','test','zhang','former-2','菜单',NULL,'2026-12-30 04:00:02.000000');
INSERT INTO "turn" VALUES(3,'terminal','test','chen','former-3','绑定 4PHXD-NYGJJ',NULL,'2026-12-30 04:00:01.000000');
INSERT INTO "turn" VALUES(4,'terminal','test','chen','former-4','陈静',NULL,'2026-12-30 04:00:02.000000');
INSERT INTO "turn" VALUES(5,'terminal','test','chen','former-5','跳过',NULL,'2026-12-30 04:00:03.000000');
INSERT INTO "turn" VALUES(6,'terminal','test','chen','former-6','填报 2026Q4',NULL,'2026-12-30 04:00:04.000000');
INSERT INTO "turn" VALUES(7,'terminal','test','chen','former-7','区块链 2 1 60 40 30 45000',NULL,'2026-12-30 04:00:05.000000');
INSERT INTO "turn" VALUES(8,'terminal','test','chen','former-8','提交',NULL,'2026-12-30 04:00:06.000000');
INSERT INTO "turn" VALUES(9,'terminal','test','chen','former-9',NULL,NULL,'2026-12-30 04:00:07.000000');
INSERT INTO "turn" VALUES(10,'terminal','test','zhang','former-10','待审',NULL,'2026-12-30 04:00:03.000000');
INSERT INTO "turn" VALUES(11,'terminal','test','wang','former-11','绑定 9Z4Y7-DD4DD',NULL,'2026-12-30 04:00:01.000000');
INSERT INTO "turn" VALUES(12,'terminal','test','wang','former-12','王芳',NULL,'2026-12-30 04:00:02.000000');
INSERT INTO "turn" VALUES(13,'terminal','test','wang','former-13','跳过',NULL,'2026-12-30 04:00:03.000000');
INSERT INTO "turn" VALUES(14,'terminal','test','wang','former-14','菜单',NULL,'2026-12-30 04:00:04.000000');
INSERT INTO "turn" VALUES(15,'terminal','test','wang','former-15','填报 2026Q4',NULL,'2026-12-30 04:00:05.000000');
INSERT INTO "turn" VALUES(16,'terminal','test','wang','former-16','大数据、区块链',NULL,'2026-12-30 04:00:06.000000');
INSERT INTO "turn" VALUES(17,'terminal','test','wang','former-17','3',NULL,'2026-12-30 04:00:07.000000');
INSERT INTO "turn" VALUES(18,'terminal','test','wang','former-18','2',NULL,'2026-12-30 04:00:08.000000');
INSERT INTO "turn" VALUES(19,'terminal','test','wang','former-19','120',NULL,'2026-12-30 04:00:09.000000');
INSERT INTO "turn" VALUES(20,'terminal','test','wang','former-20','修改',NULL,'2026-12-30 04:00:10.000000');
INSERT INTO "turn" VALUES(21,'terminal','test','wang','former-21','填报',NULL,'2026-12-30 04:00:11.000000');
INSERT INTO "turn" VALUES(22,'terminal','test','li','former-22','菜单',NULL,'2026-12-30 04:00:01.000000');
INSERT INTO "turn" VALUES(23,'terminal','test','li','former-23','我能不能参加培训',NULL,'2026-12-30 04:00:02.000000');
INSERT INTO "turn" VALUES(24,'terminal','test','li','former-24','没有退休',NULL,'2026-12-30 04:00:03.000000');
INSERT INTO "turn" VALUES(25,'terminal','test','zhao','former-25','证书能对应什么职称',NULL,'2026-12-30 04:00:01.000000');
CREATE INDEX ix_later_due_at ON later (due_at);
CREATE INDEX ix_turn_at ON turn (at);
CREATE INDEX ix_audit_subject ON audit (subject);
CREATE INDEX ix_course_institution_id ON course (institution_id);
CREATE INDEX ix_feedback_same ON feedback (same);
CREATE INDEX ix_measure_note_from ON measure_note (from_quarter);
CREATE INDEX ix_membership_institution_id ON membership (institution_id);
CREATE INDEX ix_membership_person_id ON membership (person_id);
CREATE INDEX ix_outbox_recipient ON outbox (channel, bot, sender, id);
CREATE INDEX ix_outbox_turn_id ON outbox (turn_id);
CREATE INDEX ix_outbox_waiting ON outbox (channel, id) WHERE sent_at IS NULL AND failed IS NULL;
CREATE INDEX ix_publication_kind ON publication (kind, valid_from);
CREATE UNIQUE INDEX uq_publication_same ON publication (same) WHERE withdrawn_at IS NULL;
CREATE INDEX ix_question_same ON question (same);
CREATE UNIQUE INDEX uq_question_open ON question (same) WHERE state = 'open';
CREATE INDEX ix_received_file_hash ON received_file (hash);
CREATE INDEX ix_received_file_person_id ON received_file (person_id);
CREATE INDEX ix_asker_account_id ON asker (account_id);
CREATE INDEX ix_asker_question_id ON asker (question_id);
CREATE INDEX ix_asker_turn ON asker (turn_id);
CREATE INDEX ix_code_attempt_account_at ON code_attempt (account_id, at);
CREATE UNIQUE INDEX uq_lead_review_open ON lead_review (revision_id) WHERE state = 'open';
CREATE UNIQUE INDEX uq_membership_live ON membership (person_id, coalesce(institution_id, 0)) WHERE revoked_at IS NULL;
CREATE INDEX ix_office_link_person_id ON office_link (person_id);
CREATE INDEX ix_office_session_person_id ON office_session (person_id);
CREATE INDEX ix_account_link_person_id ON account_link (person_id);
CREATE INDEX ix_attachment_hash ON attachment (hash);
CREATE INDEX ix_audit_person ON audit (person_id, id);
CREATE INDEX ix_audit_action ON audit (action, id);
CREATE INDEX ix_audit_at ON audit (at, id);
CREATE INDEX ix_report_quarter ON report (quarter);
CREATE UNIQUE INDEX uq_revision_accepted ON revision (report_id) WHERE state = 'accepted';
CREATE UNIQUE INDEX uq_revision_submitted ON revision (report_id) WHERE state = 'submitted';
CREATE UNIQUE INDEX uq_revision_draft ON revision (report_id) WHERE state = 'draft';
COMMIT;
